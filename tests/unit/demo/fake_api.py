"""A stand-in for the API that computes by the arithmetic of EN 16931 alone.

It shares no code with the product, so it doubles as an independent check of the readers: what they
restate from an exact file has to come back as the figures that the file states.
"""

import json
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx

Json = dict[str, Any]
TOKEN = "a-token"
CENT = Decimal("0.01")


def r2(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


class FakeApi:
    """Answers the four routes of the demo. `tamper` changes a finalized answer before it leaves."""

    def __init__(self) -> None:
        self.sellers: list[Json] = []
        self.drafts: dict[str, Json] = {}
        self.finalized: list[Json] = []
        self.tamper: Callable[[Json], None] = lambda _: None
        self.answer: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self._last: dict[tuple[str, str], str] = {}

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        override = self.answer(request)
        if override is not None:
            return override
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return problem(401, "unauthenticated")
        path, body = request.url.path, json.loads(request.content or b"{}")
        if path == "/v1/legal-entities":
            self.sellers.append(body)
            return httpx.Response(201, json={"id": f"le_{len(self.sellers)}"})
        if path == "/v1/invoices":
            made = f"inv_{len(self.drafts) + 1}"
            self.drafts[made] = body
            return httpx.Response(201, json={"id": made, **compute(body)})
        if found := re.fullmatch(r"/v1/invoices/(inv_\d+)/finalize", path):
            return self._finalize(found[1], body["issue_date"])
        if re.fullmatch(r"/v1/invoices/inv_\d+/pdf", path):
            return httpx.Response(200, content=b"%PDF-1.7 fake")
        return problem(404, "not_found")

    def _finalize(self, made: str, day: str) -> httpx.Response:
        draft = self.drafts[made]
        series = draft["legal_entity"], draft["type"]
        if day < self._last.get(series, ""):
            return problem(409, "date_before_last")
        self._last[series] = day
        document = {"id": made, "number": f"N-{len(self.finalized) + 1}", **compute(draft)}
        self.tamper(document)
        self.finalized.append(document)
        return httpx.Response(200, json=document)


def problem(status: int, code: str) -> httpx.Response:
    body = {"code": code, "detail": "No.", "errors": [{"pointer": "/lines/0", "code": "odd"}]}
    return httpx.Response(status, json=body)


def compute(request: Json) -> Json:
    """The resource that a request becomes (the spec is `einvoicing.md`, section 5)."""
    lines = [_line(line) for line in request["lines"]]
    line_net = sum((Decimal(line["net"]) for line in lines if line["kind"] == "item"), Decimal(0))
    discounts = [_adjustment(one) for one in request.get("discounts", ())]
    charges = [_adjustment(one) for one in request.get("charges", ())]
    bases: dict[tuple[str, Decimal], Decimal] = {}
    leaves = [(line, 1) for line in _leaves(lines)]
    for one, sign in [*leaves, *((d, -1) for d in discounts), *((c, 1) for c in charges)]:
        key = one["taxes"][0]["category"], Decimal(one["taxes"][0]["rate"])
        amount = Decimal(one.get("net") or one["amount"])
        bases[key] = bases.get(key, Decimal(0)) + sign * amount
    groups = [
        {
            "regime": "vat",
            "category": category,
            "rate": rate,
            "base": base,
            "amount": r2(base * rate / 100),
        }
        for (category, rate), base in bases.items()
    ]
    off = sum((Decimal(one["amount"]) for one in discounts), Decimal(0))
    on = sum((Decimal(one["amount"]) for one in charges), Decimal(0))
    tax = sum((group["amount"] for group in groups), Decimal(0))
    net = line_net - off + on
    prepaid = Decimal(request.get("prepaid", 0))
    rounding = Decimal(request.get("payable_rounding", 0))
    totals = {
        "line_net": line_net,
        "discounts": off,
        "charges": on,
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "prepaid": prepaid,
        "rounding": rounding,
        "payable": net + tax - prepaid + rounding,
    }
    return {
        **request,
        "lines": lines,
        "discounts": discounts,
        "charges": charges,
        "tax_groups": [_texts(group) for group in groups],
        "totals": _texts(totals),
    }


def _texts(figures: Json) -> Json:
    """Amounts with two decimals as text, rates as they are."""
    return {
        name: str(value if name == "rate" else r2(value)) if isinstance(value, Decimal) else value
        for name, value in figures.items()
    }


def _leaves(lines: list[Json]) -> list[Json]:
    found = []
    for line in lines:
        if line["kind"] == "item":
            found += _leaves(line["children"]) if line["children"] else [line]
    return found


def _adjustment(stated: Json) -> Json:
    amount = (
        Decimal(stated["amount"])
        if "amount" in stated
        else (r2(Decimal(stated["base"]) * Decimal(stated["percent"]) / 100))
    )
    return {**stated, "amount": str(r2(amount))}


def _line(stated: Json) -> Json:
    line = {"kind": "item", "taxes": [], **stated}
    line["children"] = [_line(child) for child in stated.get("children", ())]
    if line["kind"] != "item":
        return line
    if line["children"]:
        items = [child for child in line["children"] if child["kind"] == "item"]
        line["net"] = str(sum((Decimal(child["net"]) for child in items), Decimal(0)))
        return line
    price = Decimal(stated["price"]) - Decimal(stated.get("price_discount", 0))
    product = r2(Decimal(stated["quantity"]) * price / Decimal(stated.get("base_quantity", 1)))
    for name, sign in (("discounts", -1), ("charges", 1)):
        line[name] = [_adjustment(one) for one in stated.get(name, ())]
        product += sign * sum((Decimal(one["amount"]) for one in line[name]), Decimal(0))
    return {**line, "net": str(product)}
