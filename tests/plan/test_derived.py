"""Derived values: computed for a whole batch, each with its own error, and whatever a type of GraphQL can be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.asking import Ask, Documents
from tests.given import NEW_YEAR
from tests.plan.curious import BATCHES, curious

pytestmark = pytest.mark.anyio


@pytest.fixture
def ask(database):
    """Asks the curious schema."""
    BATCHES.clear()
    return Ask(database, curious, Documents())


@pytest.fixture
def shoppers(given):
    """Makes customers of these first names, each with orders of these amounts."""

    async def make(*names, amounts=()):
        made = []
        for number, name in enumerate(names):
            created = NEW_YEAR + timedelta(hours=number)
            made.append(await given.customer(first_name=name, created_at=created))
            for day, amount in enumerate(amounts):
                await given.order(made[-1], amount, placed_at=created + timedelta(days=day), number=f"{name}{amount}")
        return made

    return make


def told(ask):
    """Return the errors of the last operation: paths and messages."""
    return [(error.path, error.message) for error in ask.errors]


HIDES, NOBODY = "This customer hides the mood.", "Nobody knows."


async def test_one_error_takes_one_value(ask, shoppers):
    await shoppers("Ann", "Sad", "None", "Bo", amounts=(5,))
    answer = await ask("{ shoppers { nodes { firstName mood { name level } } } }", fails=True)
    assert [node["mood"] for node in answer["shoppers"]["nodes"]] == [
        {"name": "Ann", "level": 1},
        None,
        None,
        {"name": "Bo", "level": 1},
    ]
    assert told(ask) == [(["shoppers", "nodes", 1, "mood"], HIDES)]
    assert ask.codes == ["BAD_USER_INPUT"]
    assert ask.errors[0].locations


async def test_a_whole_batch_is_computed_at_once(ask, shoppers):
    await shoppers(*"ABCDEFG", amounts=(1,))
    await ask("{ shoppers(first: 5) { nodes { mood { level } again: mood(least: 1) { level } } } }")
    assert BATCHES == [6, 6], "the page, and the row that says that more follow"
    assert len(ask.statements) == 1


async def test_nothing_is_computed_for_an_empty_page(ask):
    answer = await ask("{ shoppers { nodes { mood { level } } totalCount { count } pageInfo { endCursor } } }")
    assert answer["shoppers"] == {"nodes": [], "totalCount": {"count": 0}, "pageInfo": {"endCursor": None}}
    assert sum(BATCHES) == 0


async def test_an_error_where_there_must_be_a_value_takes_what_may_be_missing(ask, shoppers):
    await shoppers("Ann", "Sad")
    text = "{ maybeShoppers { nodes { firstName sureMood { name } } } other: shoppers { nodes { firstName } } }"
    answer = await ask(text, fails=True)
    assert answer == {"maybeShoppers": None, "other": {"nodes": [{"firstName": "Ann"}, {"firstName": "Sad"}]}}
    assert told(ask) == [(["maybeShoppers", "nodes", 1, "sureMood"], HIDES)]


async def test_an_error_that_nothing_can_take_takes_the_whole_answer(ask, shoppers):
    await shoppers("Sad")
    assert await ask("{ shoppers { edges { node { sureMood { name } } } } }", fails=True) is None
    assert told(ask) == [(["shoppers", "edges", 0, "node", "sureMood"], HIDES)]


async def test_a_link_that_may_be_missing_takes_the_error_below_it(ask, given, shoppers):
    sad, ann = await shoppers("Sad", "Ann")
    await given.connection.execute("UPDATE customers SET merged_into = $1 WHERE customer_id = $2", sad.key, ann.key)
    answer = await ask("{ shoppers { nodes { firstName mergedInto { sureMood { name } } } } }", fails=True)
    assert answer["shoppers"]["nodes"] == [
        {"firstName": "Sad", "mergedInto": None},
        {"firstName": "Ann", "mergedInto": None},
    ]
    assert told(ask) == [(["shoppers", "nodes", 1, "mergedInto", "sureMood"], HIDES)]


async def test_parts_of_a_value_have_errors_of_their_own(ask, shoppers):
    await shoppers("Doubtful", "Unsure", "Parted")
    answer = await ask("{ shoppers { nodes { mood { name doubtful sure parts } } } }", fails=True)
    assert [node["mood"] for node in answer["shoppers"]["nodes"]] == [
        {"name": "Doubtful", "doubtful": None, "sure": "yes", "parts": []},
        None,
        {"name": "Parted", "doubtful": None, "sure": "yes", "parts": ["a", None, None, "b"]},
    ]
    assert told(ask) == [
        (["shoppers", "nodes", 0, "mood", "doubtful"], NOBODY),
        (["shoppers", "nodes", 1, "mood", "sure"], "Not sure at all."),
        (["shoppers", "nodes", 2, "mood", "parts", 2], "No part."),
    ]


ALIASED = """{
  s: shoppers { e: edges { n: node { p: purchases { nodes { b: shopper { m: mood { name } } } } } } }
}"""


async def test_an_error_keeps_its_path_through_aliases_and_levels(ask, shoppers):
    await shoppers("Ann", "Sad", amounts=(5, 6))
    answer = await ask(
        "{ s: shoppers { e: edges { n: node { p: purchases { nodes { b: shopper { m: mood { name } } } } } } } }",
        fails=True,
    )
    assert [edge["n"]["p"]["nodes"] for edge in answer["s"]["e"]] == [
        [{"b": {"m": {"name": "Ann"}}}] * 2,
        [{"b": {"m": None}}] * 2,
    ]
    assert told(ask) == [(["s", "e", 1, "n", "p", "nodes", index, "b", "m"], HIDES) for index in (0, 1)]


async def test_a_bug_is_no_error_of_ours_and_takes_the_field(ask, shoppers):
    await shoppers("Ann")
    answer = await ask("{ maybeShoppers { nodes { broken } } other: shoppers { nodes { firstName } } }", fails=True)
    assert answer == {"maybeShoppers": None, "other": {"nodes": [{"firstName": "Ann"}]}}
    (error,) = ask.errors
    assert isinstance(error.original_error, ZeroDivisionError)


async def test_methods_take_arguments_literal_and_variable(ask, shoppers):
    await shoppers("Ann", amounts=(1, 2, 3))
    text = """query ($by: Int = 10, $plus: Int, $moment: DateTime!) {
      shoppers { nodes { mood {
        scaled five: scaled(by: 5) sum: scaled(by: $by, plus: $plus) plain: scaled(plus: $plus) after(moment: $moment)
      } } }
    }"""
    for variables, told_sum, told_plain in (
        ({}, 30, 6),
        ({"by": 100, "plus": 7}, 307, 13),
        ({"by": 7, "plus": None}, 21, 6),
        ({"by": 1, "plus": 1}, 4, 7),
    ):
        answer = await ask(text, moment="2025-01-01T00:00:00Z", **variables)
        (node,) = answer["shoppers"]["nodes"]
        assert node["mood"] == {"scaled": 6, "five": 15, "sum": told_sum, "plain": told_plain, "after": True}


async def test_arguments_reach_what_a_value_needs(ask, shoppers):
    await shoppers("Ann", amounts=(1, 5, 9))
    text = """query ($l: Int) {
      shoppers { nodes { a: mood { level } b: mood(least: 5) { level } c: mood(least: $l) { level } } }
    }"""
    for least, level in ((1, 3), (9, 1), (10, 0), (None, 3)):
        answer = await ask(text, l=least)
        assert answer["shoppers"]["nodes"] == [{"a": {"level": 3}, "b": {"level": 2}, "c": {"level": level}}]


async def test_referenced_rows_are_read_together(ask, shoppers):
    await shoppers(*"ABCDE", amounts=(1, 2))
    answer = await ask("{ shoppers { nodes { firstName latest { number } allOrders { number } } } }")
    for node in answer["shoppers"]["nodes"]:
        name = node["firstName"]
        assert node["latest"] == {"number": f"{name}2"}
        assert node["allOrders"] == [{"number": f"{name}1"}, {"number": f"{name}2"}]
    assert len(ask.statements) == 2, "one for the shoppers, one for all orders"


async def test_referenced_rows_hold_everything_that_rows_hold(ask, shoppers):
    await shoppers("Ann", amounts=(1, 2))
    answer = await ask("""{ shoppers { nodes { latest {
      __typename number customer { displayName purchaseSummary { orderCount } }
      lines { nodes { sku } totalCount { count } }
    } } } }""")
    assert answer["shoppers"]["nodes"][0]["latest"] == {
        "__typename": "Order",
        "number": "Ann2",
        "customer": {"displayName": "Ann", "purchaseSummary": {"orderCount": 2}},
        "lines": {"nodes": [{"sku": "TEA"}], "totalCount": {"count": 1}},
    }


async def test_members_of_a_union_are_values_and_rows_mixed(ask, shoppers):
    await shoppers("Ann", "Bo", amounts=(1,))
    answer = await ask("""{ shoppers { nodes { things {
      __typename ... on Gift { wrapped } ... on Mood { name l: level } ... on Order { number } ... on Node { id }
    } } } }""")
    for node, name in zip(answer["shoppers"]["nodes"], ("Ann", "Bo"), strict=True):
        gift, order, mood = node["things"]
        assert gift == {"__typename": "Gift", "wrapped": True}
        assert mood == {"__typename": "Mood", "name": name, "l": 1}
        assert (order.pop("id")[:4], order) == ("ord_", {"__typename": "Order", "number": f"{name}1"})


async def test_an_interface_is_completed_by_the_row_behind_it(ask, shoppers):
    await shoppers("Ann", amounts=(1,))
    await shoppers("Bo")
    answer = await ask(
        "{ shoppers { nodes { node { __typename ... on Order { number } ... on Customer { email } } } } }"
    )
    ann, bo = answer["shoppers"]["nodes"]
    assert (ann["node"]["__typename"], ann["node"]["number"]) == ("Order", "Ann1")
    assert bo == {"node": None}


async def test_a_reference_to_nothing_is_null(ask, shoppers):
    await shoppers("Ann")
    answer = await ask("{ shoppers { nodes { firstName unknown { number } } } }")
    assert answer["shoppers"]["nodes"] == [{"firstName": "Ann", "unknown": None}]


async def test_a_reference_to_nothing_where_there_must_be_a_row_takes_the_answer(ask, shoppers):
    await shoppers("Ann")
    answer = await ask("{ maybeShoppers { nodes { firstName surelyUnknown { number } } } }", fails=True)
    assert answer == {"maybeShoppers": None}
    assert [error.path for error in ask.errors] == [["maybeShoppers"]]


SEEN_BEHIND = """query ($m: DateTime) {
  shoppers(asOf: $m) { nodes { latest { number customer { asOf orders { totalCount { count } } } } } }
}"""


async def test_the_lens_of_the_list_holds_for_rows_referred_to(ask, shoppers):
    await shoppers("Ann", amounts=(1, 2))
    moment, as_of = (NEW_YEAR + timedelta(hours=1)).isoformat(), "2025-01-01T01:00:00.000000Z"
    answer = await ask(SEEN_BEHIND, m=moment)
    (node,) = answer["shoppers"]["nodes"]
    assert node["latest"] == {"number": "Ann1", "customer": {"asOf": as_of, "orders": {"totalCount": {"count": 1}}}}


async def test_rows_referred_to_are_of_the_same_snapshot(ask, shoppers, writes_in_between):
    await shoppers("Ann", amounts=(1,))
    answer = await ask("{ shoppers { nodes { latest { customer { orders { totalCount { count } } } } } } }")
    assert answer["shoppers"]["nodes"] == [{"latest": {"customer": {"orders": {"totalCount": {"count": 1}}}}}]
    assert len(ask.statements) == 2
