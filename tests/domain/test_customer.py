"""What is known about a customer, and how customers are named."""

from uuid import UUID

import pytest

from api.domain.customer import MOST_EXTERNAL_IDS, MOST_TAGS, checked
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.identity import public_id
from api.errors import Rejection, UserErrorCode

FIELD = ("input", "customer")
KEY = UUID(int=7)


def test_only_what_is_given_is_set():
    assert checked({}, FIELD) == {}
    assert checked({"first_name": " Ann ", "country": "de"}, FIELD) == {"first_name": "Ann", "country": "DE"}


def test_nothing_empties_a_part_and_what_is_never_empty_starts_anew():
    names = ("first_name", "last_name", "company_name")
    parts = ("kind", *names, "email", "phone", "country", "locale", "postal_address", "tags")
    assert checked(dict.fromkeys([*parts, "external_ids"]), FIELD) == dict.fromkeys(parts) | {
        "kind": "CONSUMER",
        "tags": [],
        "external_ids": [],
    }


def test_lists_keep_their_order_and_nothing_twice():
    assert checked({"tags": ["b", " a", "b ", "a"]}, FIELD) == {"tags": ["b", "a"]}
    twice = [ExternalKey("crm", "1"), ExternalKey(" crm", "1 "), ExternalKey("shop", "1")]
    assert checked({"external_ids": twice}, FIELD) == {
        "external_ids": [ExternalKey("crm", "1"), ExternalKey("shop", "1")]
    }


@pytest.mark.parametrize(
    ("part", "most", "each"),
    [("tags", MOST_TAGS, str), ("external_ids", MOST_EXTERNAL_IDS, lambda number: ExternalKey("crm", str(number)))],
)
def test_lists_are_bounded(part, most, each):
    assert len(checked({part: [each(number) for number in range(most)]}, FIELD)[part]) == most
    with pytest.raises(Rejection) as found:
        checked({part: [each(number) for number in range(most + 1)]}, FIELD)
    assert found.value.code is UserErrorCode.LIMIT_EXCEEDED


def test_a_name_is_kept_in_the_form_in_which_it_is_compared():
    name = public_id("cus", KEY)
    assert CustomerName(id=name).cleaned(FIELD) == CustomerName(id=name, key=KEY)
    assert CustomerName(email="A@EXAMPLE.com").cleaned(FIELD).email == "A@example.com"
    assert CustomerName(phone="+49 30 123456").cleaned(FIELD).phone == "+4930123456"
    assert CustomerName(external_id=ExternalKey(" a", "b ")).cleaned(FIELD).external_id == ExternalKey("a", "b")


@pytest.mark.parametrize(
    "name", ["", "cus_", "ord_" + KEY.hex, KEY.hex, "cus_" + KEY.hex.upper() + "x", "cus_" + "g" * 32]
)
def test_another_identifier_names_no_customer(name):
    with pytest.raises(Rejection) as found:
        CustomerName(id=name).cleaned(FIELD)
    assert (found.value.code, found.value.field) == (UserErrorCode.INVALID, (*FIELD, "id"))


def test_no_name_at_all_names_no_customer():
    with pytest.raises(Rejection):
        CustomerName().cleaned(FIELD)
