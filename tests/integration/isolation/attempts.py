"""What an intruder tries on every route, with the ids of another tenant.

`ATTEMPTS` has a row per route of the application; a route without one fails a test.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from invx.contexts.invoicing.api.schemas.examples import (
    E_INVOICE,
    EXCHANGE_RATES,
    TAX_OVERRIDES,
)
from tests.integration.isolation.victims import Victim
from tests.world import SELLER, Desk, draft_body, line

RETURNS = {
    "returns": {"period": "2026"},
    "ec-sales-list": {"period": "2026-Q4"},
    "ec-sales-list/file": {"period": "2026-11", "format": "zm"},
    "oss": {"quarter": "2026-Q4"},
    "oss/file": {"quarter": "2026-Q4"},
}
XML = {"content-type": "application/xml"}


@dataclass(frozen=True, slots=True)
class Own:
    """What the intruder has itself, to be mixed with what is not its own."""

    desk: Desk
    draft: str
    invoice: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `ids` overrides what stands in the path, which else is the victim's.

    A body that is a text is XML.
    """

    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


Make = Callable[[Victim, Own], Request]
Judge = Callable[[httpx.Response, Victim], bool]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request, and what its answer must be. `alike` says that the victim itself gets the same."""

    make: Make
    judge: Judge
    alike: bool = False


def missing(response: httpx.Response, victim: Victim) -> bool:
    """It is not there, and the answer tells nothing of it."""
    return response.status_code == 404 and nothing_told(response, victim)


def stale(response: httpx.Response, victim: Victim) -> bool:
    """A version that the victim's thing has, and the intruder's has not."""
    return response.status_code == 412 and nothing_told(response, victim)


def nothing_found(response: httpx.Response, victim: Victim) -> bool:
    """A list or a report with nothing in it."""
    return response.status_code == 200 and response.json()["data"] == []


def only_own(response: httpx.Response, victim: Victim) -> bool:
    """An ordinary answer without anything of the victim."""
    return response.is_success and nothing_told(response, victim)


def nothing_erased(response: httpx.Response, victim: Victim) -> bool:
    """A customer that has no documents here."""
    said = response.json()
    return response.status_code == 200 and said["erased"] == said["kept"] == []


def nothing_told(response: httpx.Response, victim: Victim) -> bool:
    """No name and no id of the victim."""
    told = response.text
    return not any(each in told for each in (*victim.secrets, "Geheim"))


def at(**body: Any) -> Attempt:
    """On the victim's thing, with an ordinary body."""
    return Attempt(lambda victim, own: Request(body or None), missing)


def on_draft(**body: Any) -> Attempt:
    """On the victim's draft."""
    return Attempt(lambda v, o: Request(body or None, ids={"invoice": v.draft}), missing)


def found(**query: str) -> Attempt:
    """A list, narrowed to what only the victim has; `query` names attributes of the victim."""
    return Attempt(
        lambda v, o: Request(
            query={
                name.replace("__", "[") + ("]" if "__" in name else ""): getattr(v, what, what)
                for name, what in query.items()
            }
        ),
        nothing_found,
    )


def ordinary(body: Any, **query: str) -> Attempt:
    """What everybody may send, and gets an ordinary answer to."""
    return Attempt(lambda v, o: Request(body, query), only_own, alike=True)


DRAFT = draft_body(line("1.00"))
TABLE: dict[str, Any] = {"rates": []}
OWN_RATE = "base,quote,on,rate\nEUR,USD,2026-11-27,9\n"
LOOKUP = {"purpose": "book", "from": "EUR", "to": "USD"}

ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    ("POST", "/v1/invoices"): (
        Attempt(lambda v, o: Request({**DRAFT, "legal_entity": v.entity}), missing),
        Attempt(
            lambda v, o: Request({**DRAFT, "external_id": v.external_id}), only_own, alike=True
        ),
        Attempt(
            lambda v, o: Request(DRAFT, headers={"Idempotency-Key": "victims-key"}),
            only_own,
            alike=True,
        ),
    ),
    ("GET", "/v1/invoices"): (
        found(customer="customer"),
        Attempt(lambda v, o: Request(query={"external_id": v.external_id}), only_own),
        found(number="number", status="finalized"),
        found(legal_entity="entity"),
        found(credits="invoice"),
        found(q="geheim"),
        found(metadata__secret="yes"),
        found(q="geheim", metadata__secret="yes"),
        Attempt(
            lambda v, o: Request(query={"limit": "1", "after": v.cursor}), only_own, alike=True
        ),
        Attempt(lambda v, o: Request(query={"expand": "content"}), only_own, alike=True),
    ),
    ("POST", "/v1/invoices/check"): (
        Attempt(lambda v, o: Request({**DRAFT, "legal_entity": v.entity}), missing),
    ),
    ("POST", "/v1/invoices/import"): (
        Attempt(lambda v, o: Request(E_INVOICE, {"legal_entity": v.entity}), missing),
    ),
    ("POST", "/v1/e-invoices/parse"): (ordinary(E_INVOICE),),
    ("POST", "/v1/e-invoices/validate"): (ordinary(E_INVOICE),),
    ("GET", "/v1/invoices/{invoice}/e-invoice"): (at(), on_draft()),
    ("POST", "/v1/tax-ids/check"): (ordinary({"tax_id": "DE129273398"}),),
    ("GET", "/v1/invoices/{invoice}"): (at(), on_draft()),
    ("PUT", "/v1/invoices/{invoice}"): (on_draft(**DRAFT), at(**DRAFT)),
    ("DELETE", "/v1/invoices/{invoice}"): (on_draft(), at()),
    ("POST", "/v1/invoices/{invoice}/check"): (on_draft(), at()),
    ("POST", "/v1/invoices/{invoice}/finalize"): (
        on_draft(),
        at(),
        Attempt(lambda v, o: Request({"series": v.series}, ids={"invoice": o.draft}), missing),
    ),
    ("GET", "/v1/invoices/{invoice}/preview"): (on_draft(), at()),
    ("GET", "/v1/invoices/{invoice}/pdf"): (at(), on_draft()),
    ("POST", "/v1/invoices/{invoice}/void"): (at(reason="r"), at()),
    ("POST", "/v1/invoices/{invoice}/cancel"): (at(reason="r"), at()),
    ("POST", "/v1/invoices/{invoice}/replace"): (at(reason="r"), at()),
    ("POST", "/v1/invoices/{invoice}/credit-notes"): (
        at(amount="1.00"),
        at(finalize=True),
        at(lines=[{"line_id": "1"}]),
    ),
    ("POST", "/v1/invoices/{invoice}/release"): (at(),),
    ("POST", "/v1/invoices/{invoice}/transmissions"): (
        at(channel="folder"),
        on_draft(channel="folder"),
    ),
    ("GET", "/v1/invoices/{invoice}/transmissions"): (at(), on_draft()),
    ("POST", "/v1/invoices/{invoice}/transmissions/{transmission}/retry"): (
        at(),
        Attempt(lambda v, o: Request(ids={"invoice": o.invoice}), missing),
    ),
    ("POST", "/v1/invoices/{invoice}/transmissions/{transmission}/ask"): (
        at(),
        Attempt(lambda v, o: Request(ids={"invoice": o.invoice}), missing),
    ),
    ("POST", "/v1/invoices/{invoice}/revisions"): (at(**DRAFT), on_draft(**DRAFT)),
    ("GET", "/v1/invoices/{invoice}/settlement"): (at(),),
    ("POST", "/v1/invoices/{invoice}/payments"): (at(amount="1.00", source="s"),),
    ("POST", "/v1/invoices/{invoice}/write-offs"): (at(amount="1.00", source="w"),),
    ("POST", "/v1/invoices/{invoice}/early-payment-discounts"): (at(amount="1.00", source="d"),),
    ("POST", "/v1/invoices/{invoice}/refunds"): (at(amount="1.00", source="r"),),
    ("POST", "/v1/invoices/{invoice}/reversals"): (
        Attempt(lambda v, o: Request({"entry": v.entry, "source": "back"}), missing),
        Attempt(
            lambda v, o: Request({"entry": v.entry, "source": "back"}, ids={"invoice": o.invoice}),
            missing,
        ),
    ),
    ("POST", "/v1/invoices/{invoice}/dispute"): (at(disputed=True, reason="r"),),
    ("GET", "/v1/invoices/{invoice}/history"): (at(), on_draft()),
    ("GET", "/v1/invoices/{invoice}/state"): (
        Attempt(lambda v, o: Request(query={"at": "2100-01-01T00:00:00Z"}), missing),
    ),
    ("GET", "/v1/invoices/{invoice}/explain"): (at(), on_draft()),
    ("POST", "/v1/legal-entities"): (ordinary({**SELLER, "external_id": "victims-entity"}),),
    ("GET", "/v1/legal-entities"): (
        Attempt(lambda v, o: Request(), only_own, alike=True),
        Attempt(lambda v, o: Request(query={"after": v.entity_cursor}), only_own, alike=True),
    ),
    ("GET", "/v1/legal-entities/{legal_entity}"): (at(),),
    ("PUT", "/v1/legal-entities/{legal_entity}"): (at(**SELLER),),
    ("POST", "/v1/series"): (
        Attempt(
            lambda v, o: Request(
                {
                    "legal_entity": v.entity,
                    "name": "X",
                    "pattern": "X{number}",
                    "types": ["invoice"],
                    "reset": "none",
                }
            ),
            missing,
        ),
    ),
    ("GET", "/v1/series"): (
        Attempt(lambda v, o: Request(), only_own, alike=True),
        Attempt(lambda v, o: Request(query={"after": v.series_cursor}), only_own, alike=True),
    ),
    ("GET", "/v1/series/{series}"): (at(),),
    ("GET", "/v1/series/{series}/gaps"): (at(),),
    ("POST", "/v1/series/{series}/next-number"): (at(next=500, reason="r"),),
    ("POST", "/v1/series/{series}/hold"): (at(reason="r"),),
    ("POST", "/v1/series/{series}/release"): (at(reason="r"),),
    ("POST", "/v1/erasures"): (
        Attempt(lambda v, o: Request({"customer": v.customer}), nothing_erased, alike=True),
        Attempt(lambda v, o: Request({"invoice": v.invoice}), missing),
        Attempt(lambda v, o: Request({"invoice": v.draft}), missing),
    ),
    ("GET", "/v1/tax/entries"): (
        found(legal_entity="entity"),
        found(invoice="invoice"),
        found(registration="registration"),
        found(same_buyer_as="listed"),
        Attempt(lambda v, o: Request(query={"limit": "1", "after": v.tax_cursor}), only_own, True),
        Attempt(lambda v, o: Request(query={"category": "S"}), only_own, alike=True),
    ),
    ("GET", "/v1/tax/summary"): (
        Attempt(
            lambda v, o: Request(
                query={"legal_entity": v.entity, "from": "2026-01", "to": "2030-01"}
            ),
            missing,
        ),
    ),
    ("GET", "/v1/tax/reconciliation"): (
        Attempt(
            lambda v, o: Request(query={"legal_entity": v.entity, "period": "2026-11"}), missing
        ),
    ),
    **{
        ("GET", f"/v1/tax/{name}"): (
            Attempt(
                lambda v, o, said=said: Request(query={"registration": v.registration, **said}),
                missing,
            ),
        )
        for name, said in RETURNS.items()
    },
    ("GET", "/v1/accounting/charts"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("GET", "/v1/accounting/charts/{code}"): (
        Attempt(lambda v, o: Request(ids={"code": "SKR03"}), only_own, alike=True),
    ),
    ("GET", "/v1/accounting/bookings"): (
        found(legal_entity="entity"),
        found(invoice="invoice"),
        found(settlement_entry="entry"),
        Attempt(
            lambda v, o: Request(query={"limit": "1", "after": v.booking_cursor}), only_own, True
        ),
        Attempt(lambda v, o: Request(query={"account": "debtor"}), only_own, alike=True),
    ),
    ("GET", "/v1/accounting/open-items"): (
        found(legal_entity="entity"),
        found(customer="customer"),
        Attempt(lambda v, o: Request(), only_own, alike=True),
    ),
    ("GET", "/v1/accounting/balances"): (
        Attempt(
            lambda v, o: Request(
                query={"legal_entity": v.entity, "from": "2026-01-01", "to": "2030-01-01"}
            ),
            missing,
        ),
    ),
    ("GET", "/v1/accounting/reconciliation"): (
        Attempt(lambda v, o: Request(query={"legal_entity": v.entity}), missing),
    ),
    ("POST", "/v1/accounting/book-rates/{invoice}"): (at(rate="0.9"), on_draft(rate="0.9")),
    ("GET", "/v1/tax/rate-tables"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("GET", "/v1/tax/rate-tables/{country}"): (
        Attempt(lambda v, o: Request(ids={"country": "US"}), missing),
    ),
    ("PUT", "/v1/tax/rate-tables/{country}"): (
        Attempt(lambda v, o: Request(TABLE, ids={"country": "CA"}), only_own, alike=True),
        Attempt(
            lambda v, o: Request(TABLE, ids={"country": "US"}, headers={"If-Match": '"1"'}),
            stale,
        ),
    ),
    ("GET", "/v1/tax/engine-entries"): (
        Attempt(lambda v, o: Request(), nothing_found),
        Attempt(lambda v, o: Request(query={"status": "pending,committed"}), nothing_found),
        Attempt(lambda v, o: Request(query={"invoice": v.engine_document}), nothing_found),
    ),
    ("POST", "/v1/tax/engine-entries/{entry}/retry"): (at(),),
    ("GET", "/v1/tax/overrides"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("GET", "/v1/tax/overrides/{country}"): (at(),),
    ("DELETE", "/v1/tax/overrides/{country}"): (at(),),
    ("PUT", "/v1/tax/overrides/{country}"): (
        Attempt(lambda v, o: Request(TAX_OVERRIDES, ids={"country": "AT"}), only_own, alike=True),
        Attempt(lambda v, o: Request(TAX_OVERRIDES, headers={"If-Match": '"1"'}), stale),
    ),
    ("GET", "/v1/audit/seals"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("GET", "/v1/legal-entities/{legal_entity}/register"): (at(),),
    ("POST", "/v1/exchange-rates"): (ordinary({**EXCHANGE_RATES, "source": "own"}),),
    ("POST", "/v1/exchange-rates/import"): (ordinary(OWN_RATE, source="own"),),
    ("GET", "/v1/exchange-rates"): (
        found(source="ecb"),
        Attempt(lambda v, o: Request(query={"limit": "1", "after": v.rate_cursor}), only_own, True),
    ),
    ("GET", "/v1/exchange-rates/lookup"): (
        Attempt(lambda v, o: Request(query={**LOOKUP, "legal_entity": v.entity}), missing),
    ),
    ("POST", "/v1/accounting/exports"): (
        Attempt(
            lambda v, o: Request(
                {"legal_entity": v.entity, "until": "2099-12-31", "format": "jsonl"}
            ),
            missing,
        ),
    ),
    ("GET", "/v1/accounting/exports"): (
        found(legal_entity="entity"),
        found(destination="destination"),
        found(status="ready", format="csv"),
        Attempt(
            lambda v, o: Request(query={"limit": "1", "after": v.export_cursor}), only_own, True
        ),
    ),
    ("GET", "/v1/accounting/exports/{accounting_export}"): (at(),),
    ("GET", "/v1/accounting/exports/{accounting_export}/file"): (at(),),
    ("GET", "/v1/accounting/exports/{accounting_export}/debtors"): (at(),),
    ("GET", "/v1/accounting/exports/{accounting_export}/documents"): (at(),),
    ("POST", "/v1/accounting/exports/{accounting_export}/cancel"): (at(reason="r"),),
    ("POST", "/v1/accounting/exports/{accounting_export}/handover"): (at(),),
    ("GET", "/v1/accounting/data-access"): (
        Attempt(
            lambda v, o: Request(
                query={"legal_entity": v.entity, "from": "2026-01-01", "to": "2099-12-31"}
            ),
            missing,
        ),
    ),
    ("GET", "/v1/analytics/revenue"): (
        found(legal_entity="entity"),
        Attempt(lambda v, o: Request(), only_own, alike=True),
    ),
}


async def tried(
    client: httpx.AsyncClient, route: tuple[str, str], attempt: Attempt, victim: Victim, own: Own
) -> httpx.Response:
    """Send it."""
    method, path = route
    request = attempt.make(victim, own)
    return await client.request(
        method,
        path.format(**{**victim.names(), **request.ids}),
        json=None if isinstance(request.body, str) else request.body,
        content=request.body if isinstance(request.body, str) else None,
        params=request.query,
        headers={**(XML if isinstance(request.body, str) else {}), **request.headers},
    )
