"""Any text arrives as it is kept, whatever it holds: answers are joined from pieces of text."""

from typing import Any

import pytest

from tests.given import Line

pytestmark = pytest.mark.anyio

CURIOUS = {
    "quotes": '"\'`\\"',
    "backslashes": "\\ \\\\ \\u0041 \\n",
    "JSON": '"},{"id":null}]',
    "SQL": "'||(SELECT 1)||' $1 :p0 %s",
    "white space": "\ta\r\nb\v\f\u00a0",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x80",
    "line separators": "\u2028\u2029",
    "scripts": "Ω 日本語 עברית 😀 e\u0301",
}

EVERYWHERE = """
query Texts($first: Int) {
  customers(first: $first) {
    nodes {
      displayName firstName lastName email phone country locale tags
      externalIds { source value }
      company { name }
      orders { edges { node { number lines { nodes { sku name product { sku name category } } } } } }
      refunds { nodes { reason } }
    }
  }
}
"""


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CURIOUS.items()])
@pytest.mark.parametrize("variables", [{}, {"first": 5}])
async def test_a_text_arrives_as_it_is_kept(ask: Any, given: Any, text: str, variables: dict[str, int]):
    company = await given.company(text)
    await given.product(text, text, category=text)
    columns = dict.fromkeys(("first_name", "last_name", "email", "phone", "country", "locale"), text)
    customer = await given.customer(external_ids=[(text, text)], company=company, tags=[text, text], **columns)
    order = await given.order(customer, Line(5, sku=text), number=text)
    await given.refund(customer, 1, order=order, reason=text)
    (found,) = (await ask(EVERYWHERE, **variables))["customers"]["nodes"]
    assert found.pop("displayName").split() == f"{text} {text}".split()
    line = {"sku": text, "name": f"Product {text}", "product": {"sku": text, "name": text, "category": text}}
    assert found == {
        "firstName": text,
        "lastName": text,
        "email": text,
        "phone": text,
        "country": text,
        "locale": text,
        "tags": [text, text],
        "externalIds": [{"source": text, "value": text}],
        "company": {"name": text},
        "orders": {"edges": [{"node": {"number": text, "lines": {"nodes": [line]}}}]},
        "refunds": {"nodes": [{"reason": text}]},
    }
