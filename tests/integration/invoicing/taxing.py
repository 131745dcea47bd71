"""A seller with tax to account for: what the tests of the tax ledger do over the API."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.world import Desk, World, line

Shown = dict[str, Any]
VAT7 = [{"category": "S", "rate": "7"}]
ZERO = Decimal(0)


async def seller_on(world: World, basis: str, **more: Any) -> Desk:
    """A seller in Germany who accounts on this basis."""
    registration = {"country": "DE", "vat_id": "DE136695976", "basis": basis, **more}
    return await world.seller(registrations=[registration])


async def two_rates(desk: Desk, **more: Any) -> Shown:
    """1,725.00 gross: 1,000.00 at 19 % and 500.00 at 7 %."""
    return await desk.invoice(line("1000.00"), line("500.00", taxes=VAT7), **more)


async def move(desk: Desk, document: Shown, what: str, **body: Any) -> Shown:
    """Post to a document, such as `payments`; the source is made from what is said."""
    source = body.pop("source", f"{what}:{sorted(body.items())}")
    return await desk.post(f"/v1/invoices/{document['id']}/{what}", {"source": source, **body})


async def credit(desk: Desk, document: Shown, **body: Any) -> Shown:
    """A finalized credit note."""
    path = f"/v1/invoices/{document['id']}/credit-notes"
    return await desk.post(path, {"finalize": True, **body})


async def pages(desk: Desk, limit: int = 100, **query: Any) -> list[list[Shown]]:
    """All pages of the list."""
    found: list[list[Shown]] = []
    after: dict[str, str] = {}
    while True:
        page = await desk.get("/v1/tax/entries", limit=limit, **query, **after)
        found.append(page["data"])
        if not page["has_more"]:
            return found
        after = {"after": page["next"]}


async def entries(desk: Desk, **query: Any) -> list[Shown]:
    return [each for page in await pages(desk, **query) for each in page]


def total(rows: Iterable[Shown], *names: str) -> tuple[Decimal, ...]:
    """The sums of these columns, base and tax unless told otherwise."""
    found = list(rows)
    return tuple(
        sum((Decimal(each[name]) for each in found), ZERO) for name in names or ("base", "tax")
    )


async def summary(desk: Desk, first: str, last: str) -> Shown:
    return await desk.get(
        "/v1/tax/summary", legal_entity=desk.entity, **{"from": first, "to": last}
    )


async def reconciled(desk: Desk, period: str) -> Shown:
    return await desk.get("/v1/tax/reconciliation", legal_entity=desk.entity, period=period)
