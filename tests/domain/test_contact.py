"""Ways to reach a customer have one form each."""

import pytest

from api.domain.contact import country, email, phone
from api.errors import Rejection, UserErrorCode

FIELD = ("input", "email")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann.Lee+shop@EXAMPLE.Com\n", "Ann.Lee+shop@example.com"),
        ("änne@exämple.com", "änne@exämple.com"),
        ("ann@xn--exmple-cua.com", "ann@exämple.com"),
        ("ann@shop.test", "ann@shop.test"),
    ],
)
def test_an_email_is_kept_with_its_domain_in_lower_case(given, kept):
    assert email(given, FIELD) == kept


@pytest.mark.parametrize(
    "given",
    ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@localhost", "ann@example..com", "a@b@example.com",
     "a\0@example.com", "\ud800@example.com", "ann@" + "x" * 260 + ".com", "Ann <ann@example.com>"],
)  # fmt: skip
def test_what_is_no_email_is_rejected_without_being_quoted(given):
    rejected(email, given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("+4930123456", "+4930123456"),
        ("+49 (30) 12-34.56", "+4930123456"),
        ("+390612345678", "+390612345678"),
        ("+1 415 555 0100", "+14155550100"),
    ],
)
def test_a_phone_number_is_kept_in_one_form(given, kept):
    assert phone(given, FIELD) == kept


@pytest.mark.parametrize("given", ["", "030 123456", "+49", "+999123456789", "phone", "+49\x0030123456", "+1" * 200])
def test_what_is_no_phone_number_is_rejected(given):
    rejected(phone, given)


@pytest.mark.parametrize(("given", "kept"), [("DE", "DE"), (" de ", "DE"), ("gb", "GB")])
def test_a_country_is_kept_in_capitals(given, kept):
    assert country(given, FIELD) == kept


@pytest.mark.parametrize("given", ["", "D", "DEU", "XX", "EU", "ß", "ﬁ"])
def test_what_is_no_country_is_rejected(given):
    rejected(country, given)


def rejected(rule, given):
    with pytest.raises(Rejection) as found:
        rule(given, FIELD)
    assert (found.value.code, found.value.field) == (UserErrorCode.INVALID, FIELD)
    with pytest.raises(Rejection) as other:
        rule("?", FIELD)
    assert found.value.message == other.value.message
