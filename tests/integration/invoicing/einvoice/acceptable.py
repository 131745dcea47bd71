"""Any document of profile `en16931` that an author may write, as a body of the API, and its seller.

Wild in what its fields hold, so that whatever the domain lets through has been tried under the
official rules. What is often refused is drawn from both sides: codes of the lists and others.
"""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from invx.contexts.invoicing.api.content import content_of, details_of
from invx.contexts.invoicing.api.schemas.documents import DraftIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.check_parties import seller_problems
from invx.contexts.invoicing.domain.einvoice.issued import Issued, would_be_issued
from invx.contexts.invoicing.domain.einvoice.routing import (
    RouteSource,
    TakenRoute,
    routing_problems,
)
from invx.kernel.errors import Problem
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding
from tests.integration.invoicing.routed import GERMAN_SELLER, LEITWEG
from tests.unit.invoicing.api.bodies import numbers, periods, some, texts
from tests.world import BUYER, SELLER

Json = dict[str, Any]
DAY = date(2026, 11, 2)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat)
codes = texts(20)
_REASON = {"reason": "Exempt", "reason_code": "VATEX-EU-132"}
TAXES: dict[str, list[Json]] = {
    "S": [{"category": "S", "rate": rate} for rate in ("19", "7", "5.5")],
    "Z": [{"category": "Z", "rate": "0"}],
    "E": [{"category": "E", "rate": "0", **_REASON}],
    "AE": [{"category": "AE", "rate": "0", "reason_code": "VATEX-EU-AE"}],
    "K": [{"category": "K", "rate": "0", "reason_code": "VATEX-EU-IC"}],
    "G": [{"category": "G", "rate": "0", "reason_code": "VATEX-EU-G"}],
    "L": [{"category": "L", "rate": "7"}],
    "M": [{"category": "M", "rate": "4"}],
    "O": [{"category": "O", "reason_code": "VATEX-EU-O"}],
}
MIXES = [["S"], ["S", "E", "Z"], ["S", "AE"], ["S", "K"], ["G", "Z"], ["L"], ["M", "S"], ["O"]]


def under(*schemes: str) -> st.SearchStrategy[Json]:
    """An id of one of these schemes, or of none."""
    return st.fixed_dictionaries({"id": codes}, optional={"scheme": st.sampled_from(schemes)})


_REFERENCES = (
    "buyer_reference",
    "purchase_order",
    "sales_order",
    "contract",
    "project",
    "buyer_accounting_reference",
    "receiving_advice",
    "despatch_advice",
    "tender",
)
_addresses = st.fixed_dictionaries(
    {"country": st.sampled_from(["DE", "FR", "AT", "NO", "US", "XI", "SS"])},
    optional={name: texts() for name in ("line1", "line2", "line3", "city", "region")},
)
_ids = under("0088", "0060", "9930", "XX")
_parties = st.fixed_dictionaries(
    {"name": texts(), "address": _addresses},
    optional={
        "legal_name": texts(),
        "contact": some(name=texts(), email=texts(), phone=texts()),
        "vat_id": st.sampled_from(["DE811569869", "FR40303265045", "ATU12345675"]),
        "registration": _ids,
        "identifiers": st.lists(_ids, max_size=2),
        "endpoint": under("0088", "9930", "EM", "0204"),
    },
)


def _adjustments(taxes: st.SearchStrategy[Json] | None, *reasons: str) -> st.SearchStrategy[Json]:
    more = {"taxes": st.lists(taxes, min_size=1, max_size=1)} if taxes is not None else {}
    said = {"reason": texts(), "reason_code": st.sampled_from(reasons)}
    return st.fixed_dictionaries(
        {"percent": numbers("0", "100", 2), **more}, optional=said
    ) | st.fixed_dictionaries(
        {"amount": numbers("0", "50", 2), **more}, optional={**said, "base": numbers("50", "99", 2)}
    )


def _lines(taxes: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json]]:
    sold = {
        "description": texts(),
        "taxes": st.lists(taxes, min_size=1, max_size=1),
    }
    told = {
        "details": texts(),
        "note": texts(),
        "service_period": periods(),
        "order_line": codes,
        "buyer_accounting_reference": codes,
        "invoiced_object": under("AAA", "nope"),
        "item": some(
            seller_id=codes,
            buyer_id=codes,
            standard_id=under("0160", "XX"),
            classifications=st.lists(under("STI", "??"), max_size=2),
            origin=st.sampled_from(["DE", "CN"]),
            attributes=st.lists(st.fixed_dictionaries({"name": codes, "value": codes}), max_size=2),
        ),
    }
    priced = st.fixed_dictionaries(
        {**sold, "price": numbers("0", "10000", 4)},
        optional={
            **told,
            "quantity": numbers("-100", "100", 3),
            "unit": st.sampled_from(["C62", "HUR", "KGM", "DAY", "ST"]),
            "base_quantity": st.sampled_from(["1", "10", "0.5"]),
            "price_discount": numbers("0", "1", 2),
            "discounts": st.lists(_adjustments(None, "95", "ZZZ"), max_size=2),
            "charges": st.lists(_adjustments(None, "FC", "95"), max_size=2),
        },
    )
    computed = st.fixed_dictionaries(
        {**sold, "net": numbers("-1000", "1000", 2)},
        optional={**told, "quantity": numbers("0", "100", 3)},
    )
    plain = st.fixed_dictionaries(
        {"kind": st.sampled_from(["text", "heading", "subtotal"]), "description": texts()}
    )
    whole = st.fixed_dictionaries(
        {"description": texts(), "children": st.lists(priced, min_size=1, max_size=2)}
    )
    return st.lists(priced | priced | computed | plain | whole, min_size=1, max_size=4)


_SAID: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["invoice", "credit_note"]),
    "type_code": st.sampled_from(["380", "389", "384", "326", "381", "261", "999"]),
    "currency": st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    "prices_include_tax": st.booleans(),
    "payee": _parties,
    "ship_to": _parties,
    "tax_representative": _parties,
    **dict.fromkeys(_REFERENCES, codes),
    "preceding": st.lists(
        st.fixed_dictionaries({"number": codes}, optional={"issue_date": days}), max_size=2
    ),
    "supply_date": days,
    "service_period": periods(),
    "tax_point": days,
    "tax_point_code": st.sampled_from(["3", "35", "432"]),
    "prepaid": numbers("-100", "100", 2),
    "payable_rounding": numbers("-1", "1", 2),
    "tax_currency": st.sampled_from(["GBP", "EUR"]).map(
        lambda at: {"currency": at, "rate": "0.87"}
    ),
    "notes": texts(),
    "further_notes": st.lists(
        st.fixed_dictionaries(
            {"text": texts()}, optional={"subject": st.sampled_from(["AAI", "QQ9"])}
        ),
        max_size=2,
    ),
    "invoiced_object": under("AAA", "nope"),
    "delivery_location": under("0088", "XX"),
    "payment_means": some(
        code=st.sampled_from(["58", "30", "10", "99", "49", "59", "48"]),
        text=texts(),
        remittance=texts(),
        card=st.just({"number": "1234"}),
        direct_debit=st.just(
            {
                "mandate": "M",
                "creditor": "DE98ZZZ09999999999",
                "account": "DE02120300000000202051",
            }
        ),
    ),
    "attachments": st.lists(
        st.fixed_dictionaries(
            {"id": codes},
            optional={
                "description": texts(),
                "location": st.just("https://example.org/a"),
                "content": st.just("aGVsbG8="),
                "media_type": st.sampled_from(["text/csv", "text/plain"]),
                "filename": codes,
            },
        ),
        max_size=2,
    ),
}


def _document(mix: list[str]) -> st.SearchStrategy[Json]:
    taxes = st.sampled_from([tax for category in mix for tax in TAXES[category]])
    return st.fixed_dictionaries(
        {
            "lines": _lines(taxes),
            "buyer": _parties | st.just(BUYER),
            "payment_terms": st.sampled_from(
                [
                    {"kind": "net", "days": 14, "discounts": [{"percent": "2", "days": 7}]},
                    {"kind": "on_receipt"},
                    {"kind": "net", "days": 30, "text": "Net, please."},
                    {"kind": "net", "days": 30, "text": "#1 of our terms"},
                ]
            ),
        },
        optional={
            **_SAID,
            "discounts": st.lists(_adjustments(taxes, "95", "ZZZ"), max_size=2),
            "charges": st.lists(_adjustments(taxes, "FC", "95"), max_size=2),
        },
    )


documents = st.sampled_from(MIXES).flatmap(_document)
sellers = st.fixed_dictionaries(
    {},
    optional={
        "legal_name": texts(),
        "legal_information": texts(),
        "registration": _ids,
        "identifiers": st.lists(_ids, max_size=2),
        "bank_accounts": st.sampled_from(
            [[], [{"currency": "USD", "account": "12345", "holder": "Kontor"}]]
        ),
    },
).map(lambda more: {**SELLER, **GERMAN_SELLER, **more})
# What makes most of them complete in XRechnung and Peppol.
REACHABLE = {
    **BUYER,
    "address": {**BUYER["address"]},
    "endpoint": {"id": "a@b.example", "scheme": "9930"},
}


def completed(body: Json, format: str) -> Json:
    """The body with what the format always asks for."""
    if format == "peppol" or format.startswith("xrechnung"):
        return {"supply_date": "2026-11-02", **body, "buyer": REACHABLE, "buyer_reference": LEITWEG}
    return body


def issued(body: Json, seller: Json, format: str) -> tuple[Issued | None, list[Problem]]:
    """What the domain makes of it on the way to a number: a document to issue, or problems."""
    content, _ = content_of(DraftIn.model_validate({"currency": "EUR", **body}))
    details = details_of(LegalEntityIn.model_validate(seller))
    assert details.seller is not None
    found = list(problems_of(content, Rounding.PER_GROUP, finalizing=True, issue_date=DAY))
    found += seller_problems(content, details.seller)
    if found:
        return None, found
    totals = compute(bill_of(content, Rounding.PER_GROUP))
    route = TakenRoute(format=format, source=RouteSource.BUYER)
    found = routing_problems(content, totals, details.seller, route)
    return (None if found else would_be_issued(content, totals, details.seller, DAY)), found
