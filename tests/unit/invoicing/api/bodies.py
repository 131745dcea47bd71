"""Strategies of bodies that are right: every field may be there, and means something."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from invx.contexts.invoicing.domain.units.units import UNITS

Json = dict[str, Any]
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t")
VAT = [{"category": "S", "rate": "19"}]


def texts(most: int = 30) -> st.SearchStrategy[str]:
    """Not only blanks: what describes a line must say something."""
    return st.text(_CHARACTERS, min_size=1, max_size=most).filter(str.strip)


def numbers(least: str, most: str, places: int) -> st.SearchStrategy[str]:
    drawn = st.decimals(least, most, places=places, allow_nan=False, allow_infinity=False)
    return drawn.map(lambda number: format(number, "f").replace("-0.00", "0.00"))


days = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
codes = texts(20)
countries = st.sampled_from(["DE", "AT", "FR", "US", "XI"])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """An object that may lack any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def periods() -> st.SearchStrategy[Json]:
    both = st.tuples(days, days).map(sorted)
    return both.map(lambda pair: {"start": pair[0], "end": pair[1]}) | some(start=days).filter(bool)


identifiers = st.fixed_dictionaries({"id": codes}, optional={"scheme": codes, "version": codes})
pairs = st.dictionaries(codes, st.text(_CHARACTERS, max_size=30), max_size=5)
addresses = st.fixed_dictionaries(
    {"country": countries},
    optional={name: texts() for name in ("line1", "line2", "line3", "city", "region")},
)
parties = st.fixed_dictionaries(
    {"name": texts()},
    optional={
        "kind": st.sampled_from(["business", "consumer"]),
        "customer": codes,
        "legal_name": texts(),
        "contact": some(name=texts(), email=texts(), phone=texts()),
        "address": addresses,
        "tax_number": codes,
        "registration": identifiers,
        "identifiers": st.lists(identifiers, max_size=2),
        "endpoint": identifiers,
    },
)
adjustments = st.one_of(
    st.fixed_dictionaries({"percent": numbers("0", "100", 2)}, optional={"reason": texts()}),
    st.fixed_dictionaries({"amount": numbers("0", "999", 2)}, optional={"reason_code": codes}),
)
_SAID: dict[str, st.SearchStrategy[Any]] = {
    "details": texts(),
    "unit": st.sampled_from(sorted(UNITS)),
    "quantity": numbers("-1000", "1000", 3),
    "source": st.fixed_dictionaries(
        {"kind": codes, "id": codes}, optional={"version": codes, "period": periods()}
    ),
    "service_period": periods(),
    "item": some(
        seller_id=codes,
        standard_id=identifiers,
        classifications=st.lists(identifiers, max_size=2),
        attributes=st.lists(st.fixed_dictionaries({"name": codes, "value": codes}), max_size=2),
    ),
    "order_line": codes,
    "dimensions": pairs,
    "ledger_account": codes,
    "metadata": pairs,
    "note": texts(),
    "invoiced_object": identifiers,
}
priced = st.fixed_dictionaries(
    {"description": texts(), "price": numbers("0", "10000", 4), "taxes": st.just(VAT)},
    optional={
        **_SAID,
        "base_quantity": st.sampled_from(["1", "10", "0.5"]),
        "discounts": st.lists(adjustments, max_size=2),
        "charges": st.lists(adjustments, max_size=2),
    },
)
computed = st.fixed_dictionaries(
    {"description": texts(), "net": numbers("-1000", "1000", 2), "taxes": st.just(VAT)},
    optional={
        "breakdown": st.lists(
            st.fixed_dictionaries(
                {"amount": numbers("-9", "9", 2)},
                optional={"description": texts(), "price": numbers("0", "1", 9)},
            ),
            max_size=3,
        )
    },
)
words = st.fixed_dictionaries(
    {"kind": st.sampled_from(["text", "heading"]), "description": texts()}
)
groups = st.fixed_dictionaries(
    {"description": texts(), "children": st.lists(priced | computed, min_size=1, max_size=3)}
)
lines = st.lists(priced | computed | words | groups, max_size=5)
_REFERENCES = [
    "buyer_reference",
    "purchase_order",
    "sales_order",
    "contract",
    "project",
    "buyer_accounting_reference",
    "receiving_advice",
    "despatch_advice",
    "tender",
]
_DOCUMENT: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["invoice", "credit_note", "proforma"]),
    "type_code": st.sampled_from(["389", "384", "1"]),
    "language": st.sampled_from(["de", "en-GB", "ast"]),
    "buyer": parties,
    "recipient": parties,
    "ship_to": parties,
    "payee": parties,
    "tax_representative": parties,
    **dict.fromkeys(_REFERENCES, codes),
    "preceding": st.lists(
        st.fixed_dictionaries({"number": codes}, optional={"issue_date": days}), max_size=2
    ),
    "issue_date": days,
    "supply_date": days,
    "service_period": periods(),
    "tax_point": days,
    "discounts": st.lists(
        st.fixed_dictionaries({"amount": numbers("0", "9", 2), "taxes": st.just(VAT)}), max_size=2
    ),
    "prepaid": numbers("-100", "100", 2),
    "notes": texts(200),
    "footer": texts(200),
    "metadata": pairs,
    "further_notes": st.lists(st.fixed_dictionaries({"text": texts()}), max_size=2),
    "tax_point_code": st.sampled_from(["3", "35", "432"]),
    "invoiced_object": identifiers,
    "delivery_location": identifiers,
    "payment_means": some(code=st.sampled_from(["58", "30", "ZZZ"]), remittance=texts()),
    "attachments": st.lists(
        st.fixed_dictionaries({"id": codes}, optional={"filename": codes, "location": codes}),
        max_size=2,
    ),
}
drafts = st.fixed_dictionaries({"lines": lines, "profile": st.just("plain")}, optional=_DOCUMENT)


def with_ids(body: Json, ids: list[str | None]) -> Json:
    """The body with these ids on its first lines; None leaves it to the program."""
    named = [
        {**line, "id": id} if id is not None else line
        for line, id in zip(body["lines"], ids, strict=False)
    ]
    return {**body, "lines": [*named, *body["lines"][len(named) :]]}


all_drafts = st.builds(
    with_ids, drafts, st.lists(st.none() | st.sampled_from("1 2 3 a".split()), max_size=4)
).filter(lambda body: _unique([line["id"] for line in body["lines"] if "id" in line]))


def _unique(ids: list[str]) -> bool:
    return len(set(ids)) == len(ids)
