"""One e-invoice on its way back in: what to send, and what must come out."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

TOTALS = {
    "line_net": "BT-106",
    "discounts": "BT-107",
    "charges": "BT-108",
    "net": "BT-109",
    "tax": "BT-110",
    "gross": "BT-112",
    "prepaid": "BT-113",
    "rounding": "BT-114",
    "payable": "BT-115",
}


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """BT-131, and BT-151 with BT-152 unless the line has no tax of its own (it sums others)."""

    net: Decimal
    category: str | None
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class ExpectedGroup:
    """BT-118, BT-119, BT-116 and BT-117."""

    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The figures that the source states. Lines in document order, a parent before its children."""

    lines: tuple[ExpectedLine, ...]
    groups: tuple[ExpectedGroup, ...]
    totals: dict[str, Decimal]  # by the names in TOTALS
    tax_in_tax_currency: Decimal | None = None  # BT-111

    @classmethod
    def from_json(cls, body: Json) -> "Expected":
        """The figures of a shipped request."""
        accounted = body.get("tax_in_tax_currency")
        return cls(
            lines=tuple(
                ExpectedLine(
                    Decimal(line["net"]),
                    line.get("category"),
                    Decimal(line["rate"]) if "rate" in line else None,
                )
                for line in body["lines"]
            ),
            groups=tuple(
                ExpectedGroup(
                    group["category"],
                    Decimal(group["rate"]),
                    Decimal(group["base"]),
                    Decimal(group["amount"]),
                )
                for group in body["tax_groups"]
            ),
            totals={name: Decimal(body["totals"][name]) for name in TOTALS},
            tax_in_tax_currency=Decimal(accounted) if accounted else None,
        )

    def to_json(self) -> Json:
        """The form that `from_json` reads."""
        body: Json = {"lines": [], "tax_groups": [], "totals": {}}
        for line in self.lines:
            tax = {"category": line.category, "rate": str(line.rate)} if line.category else {}
            body["lines"].append({"net": str(line.net), **tax})
        for group in self.groups:
            body["tax_groups"].append(
                {
                    "category": group.category,
                    "rate": str(group.rate),
                    "base": str(group.base),
                    "amount": str(group.amount),
                }
            )
        body["totals"] = {name: str(self.totals[name]) for name in TOTALS}
        if self.tax_in_tax_currency is not None:
            body["tax_in_tax_currency"] = str(self.tax_in_tax_currency)
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document to re-enter.

    `request` is the body of POST /v1/invoices and `seller` that of POST /v1/legal-entities; both
    hold what an author decides and no computed figure. `remarks` say where the source contradicts
    itself and which of its statements was entered.
    """

    name: str
    syntax: str
    number: str | None
    request: Json
    seller: Json
    expected: Expected
    remarks: tuple[str, ...] = ()
