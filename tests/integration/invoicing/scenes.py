"""For every write with a precondition: a scene in which it succeeds, and a body it accepts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx

from invx.contexts.invoicing.adapters.transmission.practice_authority import Behaviour
from invx.contexts.invoicing.api.schemas.examples import (
    COMMIT_IMPORT,
    EXCHANGE_RATES,
    IMPORT_FILE,
    IMPORT_MAPPING,
    REVERSE_IMPORT,
)
from invx.contexts.invoicing.domain.delivery.transmission import Reason
from tests.e2e.sending import ITALIAN, PRACTICE, authority_of, later
from tests.e2e.xml_files import exported
from tests.integration.invoicing.kept_scenes import kept, outlived, tried
from tests.integration.invoicing.states import STATES
from tests.world import BUYER, SELLER, Desk, World, draft_body, line

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A body that is a file, and what the query says of it."""

    content: bytes
    media_type: str
    query: dict[str, str] = field(default_factory=dict)


SERIES = {"name": "S", "pattern": "X{YYYY}-{number}", "types": ["invoice"], "default": False}
RATES = b"base,quote,on,rate\nEUR,USD,2026-11-27,1.1\n"
VAT22 = [{"category": "S", "rate": "22"}]
ITALIAN_BODY = draft_body(line("100.00", taxes=VAT22))
REJECTING = Behaviour(rejects=(Reason(code="00305", text="IdCodice non valido"),))
TRIES = 8  # after so many in vain a transmission has failed
# A body that each operation accepts, and the state of the document that it is sent about.
BODIES: dict[str, tuple[str, Any]] = {
    "invoices_create": ("draft", draft_body(line("7.00"))),
    "invoices_edit": ("draft", draft_body(line("7.00"))),
    "invoices_delete": ("draft", None),
    "invoices_finalize": ("draft", {}),
    "electronic_invoices_import": (
        "finalized",
        File(b"<Invoice/>", "application/xml", {"accept_differences": "true"}),
    ),
    # Filters: what an operation did to the documents no longer fits when the request comes again.
    "bulk_make": ("finalized", {"filter": {"status": "finalized"}, "files": ["pdf"]}),
    "bulk_batch": ("draft", {"items": [draft_body(finalize=True), draft_body()]}),
    "bulk_finalize": ("draft", {"filter": {"status": "draft"}}),
    "bulk_void": ("finalized", {"filter": {"status": "finalized"}}),
    "bulk_release": ("finalized", {"filter": {"status": "finalized"}}),
    "operations_cancel": ("begun", None),
    "operations_resume": ("stopped", None),
    "grace_periods_give": ("draft", {"finalize_at": "2199-01-01T00:00:00Z"}),
    "grace_periods_hold": ("waiting", None),
    "approvals_state_rules": ("submitted", {"rules": []}),
    "approvals_submit": ("ruled", {"note": "please"}),
    "approvals_approve": ("submitted", {"note": "good"}),
    "approvals_reject": ("submitted", {"note": "bad"}),
    "approvals_delegate": ("submitted", {"to": "user:else", "reason": "away"}),
    "approvals_withdraw": ("submitted", {"note": "never mind"}),
    "corrections_void": ("finalized", {"reason": "typo"}),
    "corrections_cancel": ("finalized", {"reason": "typo"}),
    "corrections_replace": ("finalized", {"reason": "typo"}),
    "corrections_credit": ("finalized", {"amount": "11.90", "finalize": True}),
    "corrections_release": ("finalized", {"how": "by post"}),
    "transmissions_send": ("finalized", {"channel": "folder"}),
    "transmissions_revise": ("rejected", ITALIAN_BODY),
    "transmissions_retry": ("undelivered", None),
    "transmissions_ask": ("undecided", None),
    "settlement_record_payment": ("finalized", {"amount": "5.00", "source": "p"}),
    "settlement_write_off": ("finalized", {"amount": "5.00"}),
    "settlement_take_discount": ("finalized", {"amount": "5.00", "source": "d"}),
    "settlement_certify_withholding": ("finalized", {"amount": "5.00", "source": "c"}),
    "settlement_refund": ("overpaid", {"amount": "5.00", "source": "r"}),
    "settlement_reverse": ("partly_paid", {"entry": "?", "source": "b"}),
    "settlement_agree": ("finalized", {"instalments": [{"due_date": "2099-01-31"}]}),
    "settlement_end": ("planned", {"reason": "missed"}),
    "settlement_set_dispute": ("finalized", {"disputed": True}),
    "late_payment_claim": ("late", {"rule": {"interest": "none", "fee": "5.00"}}),
    "late_payment_waive": ("finalized", {"reason": "agreed"}),
    "legal_holds_place": ("draft", {"customer": "C-9", "reason": "lawsuit"}),
    "legal_holds_release": ("kept", {"reason": "settled"}),
    "retention_try_purge": ("outlived", {"legal_entity": "?"}),
    "retention_purge": ("tried", None),
    "revenue_reach_milestone": ("in_steps", {"line": "1", "milestone": "Go-live"}),
    "legal_entities_register": ("draft", {**SELLER, "name": "Second"}),
    "legal_entities_amend": ("draft", {**SELLER, "name": "Other"}),
    "periods_close": ("draft", {"closed_through": "2025-12-31"}),
    "periods_reopen": ("closed", {"closed_through": None, "reason": "late"}),
    "series_open": ("draft", SERIES),
    "series_set_next": ("draft", {"next": 50, "reason": "move"}),
    "series_hold": ("draft", {"reason": "stocktaking"}),
    "series_release": ("held", {"reason": "counted"}),
    "files_add": ("draft", File(b"day,hours\n2026-11-02,8\n", "text/csv", {"name": "hours.csv"})),
    "imports_open": ("draft", File(IMPORT_FILE.encode(), "text/csv", {"source": "old"})),
    "imports_state_mapping": ("uploaded", {**IMPORT_MAPPING, "date": "DD.MM.YYYY"}),
    "imports_commit": ("uploaded", COMMIT_IMPORT),
    "imports_reverse": ("taken_in", REVERSE_IMPORT),
    "personal_data_erase": ("draft", {"customer": BUYER["customer"]}),
    "exchange_rates_state": ("foreign", EXCHANGE_RATES),
    "exchange_rates_import": ("foreign", File(RATES, "text/csv", {"source": "house"})),
    "accounting_open_export": ("finalized", {"until": "2099-12-31", "format": "csv"}),
    "accounting_state_book_rate": ("foreign", {"rate": "0.9"}),
    "accounting_cancel_export": ("exported", {"reason": "typo"}),
    "accounting_hand_over_export": ("exported", None),
}
BOOKS: Json = {"accounting": {"chart": "SKR03"}}
ITALY: Json = {"mode": "test", **ITALIAN, "transmission_channels": PRACTICE}
# What the seller must be where the usual one will not do.
SELLERS: dict[str, Json] = {
    "transmissions_send": {"transmission_channels": [{"channel": "folder", "format": "ubl"}]},
    **dict.fromkeys(("transmissions_revise", "transmissions_retry", "transmissions_ask"), ITALY),
    **{id: BOOKS for id in BODIES if id.startswith(("accounting_", "exchange_rates_"))},
}
# Ids that look like ones and name nothing.
NOWHERE = {
    name: f"{prefix}_01jd0y7ct4f6d9zq8x3s5v2w1k"
    for name, prefix in (
        ("invoice", "inv"),
        ("legal_entity", "le"),
        ("series", "ser"),
        ("operation", "op"),
        ("transmission", "trm"),
        ("accounting_export", "axp"),
        ("erasure", "ers"),
        ("legal_hold", "lho"),
        ("file", "file"),
        ("import_id", "imp"),
    )
} | {"code": "SKR03", "kind": "documents", "name": "RE-1.pdf"}


async def _closed(desk: Desk) -> Json:
    """A draft, where documents of the past are closed."""
    body = {"closed_through": "2025-12-31"}
    path = f"/v1/legal-entities/{desk.entity}/periods/documents"
    assert (await desk.client.put(path, json=body)).status_code == 200
    return await desk.draft()


async def _held(desk: Desk) -> Json:
    """A draft, where a series gives no numbers."""
    [series, *_] = (await desk.get("/v1/series"))["data"]
    await desk.post(f"/v1/series/{series['id']}/hold", {"reason": "stocktaking"})
    return await desk.draft()


async def _uploaded(desk: Desk) -> Json:
    """A draft, and beside it a file of another system that was uploaded."""
    given = content_of(BODIES["imports_open"][1])
    opened = await desk.client.post("/v1/imports", **given)
    assert opened.status_code == 201, opened.text
    path = f"/v1/imports/{opened.json()['id']}/mapping"
    assert (await desk.client.put(path, json=IMPORT_MAPPING)).status_code == 200
    return await desk.draft()


async def _taken_in(desk: Desk) -> Json:
    """The documents of that file were imported."""
    draft = await _uploaded(desk)
    [found] = (await desk.get("/v1/imports"))["data"]
    await desk.post(f"/v1/imports/{found['id']}/commit", COMMIT_IMPORT)
    await desk.world.settle()
    return draft


async def _late(desk: Desk) -> Json:
    """An invoice that should have been paid yesterday."""
    issued = await desk.invoice(line("100.00"), payment_terms={"kind": "on_receipt"})
    await desk.world.advance(desk.tenant_id, timedelta(days=2))
    return issued


async def _begun(desk: Desk) -> Json:
    """A draft that an operation is about to finalize."""
    draft = await desk.draft()
    await desk.post("/v1/invoices/finalize", {"invoices": [draft["id"]]})
    return draft


async def _stopped(desk: Desk) -> Json:
    draft = await _begun(desk)
    [operation] = (await desk.get("/v1/operations"))["data"]
    await desk.post(f"/v1/operations/{operation['id']}/cancel")
    return draft


async def _ruled(desk: Desk) -> Json:
    """A draft that needs an approval."""
    step = {"name": "S", "assignees": ["user:test"]}
    path = f"/v1/legal-entities/{desk.entity}/approval-rules"
    rules = {"rules": [{"name": "R", "own": True, "steps": [step]}]}
    assert (await desk.client.put(path, json=rules)).status_code == 200
    return await desk.draft()


async def _submitted(desk: Desk) -> Json:
    draft = await _ruled(desk)
    await desk.post(f"/v1/invoices/{draft['id']}/approval")
    return draft


async def _waiting(desk: Desk) -> Json:
    return await desk.draft(finalize_at="2199-01-01T00:00:00Z")


async def _handed_in(desk: Desk, behaviour: Behaviour) -> Json:
    """An Italian invoice after the authority was given it once."""
    issued = await desk.finalize(await desk.post("/v1/invoices", ITALIAN_BODY))
    authority_of(desk.world).script(issued["number"], behaviour)
    await desk.world.settle()
    return issued


async def _rejected(desk: Desk) -> Json:
    return await _in_the_end(desk, await _handed_in(desk, REJECTING), "rejected")


async def _undelivered(desk: Desk) -> Json:
    """The authority was down until it was given up."""
    issued = await _handed_in(desk, Behaviour(down=TRIES))
    for _ in range(TRIES):
        await later(desk, hours=6)
    return await _in_the_end(desk, issued, "failed")


async def _undecided(desk: Desk) -> Json:
    return await _in_the_end(desk, await _handed_in(desk, Behaviour(never=True)), "sent")


async def _in_the_end(desk: Desk, issued: Json, status: str) -> Json:
    """Its transmission got there; the next document of its number is an ordinary one."""
    [found] = (await desk.get(f"/v1/invoices/{issued['id']}/transmissions"))["data"]
    assert found["status"] == status, found
    authority_of(desk.world).script(issued["number"], Behaviour())
    return issued


async def _in_steps(desk: Desk) -> Json:
    """An invoice whose revenue is earned by milestones."""
    steps = {"method": "milestone", "milestones": [{"name": "Go-live", "percent": "100"}]}
    return await desk.invoice(line("100.00", id="1", recognition=steps))


async def _planned(desk: Desk) -> Json:
    """An invoice that is paid by a plan."""
    issued = await desk.invoice(line("100.00"))
    await desk.post(f"/v1/invoices/{issued['id']}/payment-plan", BODIES["settlement_agree"][1])
    return issued


async def _foreign(desk: Desk) -> Json:
    """An invoice whose bookings wait for a rate."""
    return await desk.invoice(line("100.00"), currency="USD")


async def _exported(desk: Desk) -> Json:
    issued = await desk.invoice(line("100.00"))
    await desk.post("/v1/accounting/exports", BODIES["accounting_open_export"][1])
    return issued


PLACES: dict[str, Callable[[Desk], Awaitable[Json]]] = {
    **STATES,
    "begun": _begun,
    "late": _late,
    "closed": _closed,
    "held": _held,
    "uploaded": _uploaded,
    "taken_in": _taken_in,
    "stopped": _stopped,
    "kept": kept,
    "outlived": outlived,
    "tried": tried,
    "waiting": _waiting,
    "ruled": _ruled,
    "submitted": _submitted,
    "rejected": _rejected,
    "undelivered": _undelivered,
    "undecided": _undecided,
    "planned": _planned,
    "in_steps": _in_steps,
    "foreign": _foreign,
    "exported": _exported,
}


def content_of(body: Any) -> Json:
    """How a body is sent."""
    if isinstance(body, File):
        headers = {"content-type": body.media_type}
        return {"content": body.content, "params": body.query, "headers": headers}
    return {"json": body, "headers": {}}


@dataclass(slots=True)
class Scene:
    """A document in the right state, and all else that one operation needs."""

    desk: Desk
    document: Json
    body: Any
    ids: dict[str, str]

    def url(self, path: str) -> str:
        return path.format(**self.ids)

    def read(self, path: str) -> str:
        """Where the version of what a path writes is read."""
        if path.endswith("/approval-rules"):
            return self.url(path)
        if "/periods/{kind}" in path:
            return self.url(path.partition("/{kind}")[0])
        return self.url(path if path.endswith("}") else path.rpartition("/")[0])

    async def send(self, method: str, path: str, **headers: str) -> httpx.Response:
        given = content_of(self.body)
        given["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.desk.client.request(method, self.url(path), **given)

    def elsewhere(self) -> "Scene":
        """The same about things that are not there."""
        return replace(self, ids=NOWHERE)

    def otherwise(self) -> "Scene":
        """The same with another body."""
        return replace(self, body=other(self.body))


async def scene(world: World, operation: str) -> Scene:
    """With a seller of its own."""
    state, body = BODIES[operation]
    desk = await world.seller(**SELLERS.get(operation, {}))
    document = await PLACES[state](desk)
    ids = {**NOWHERE, "invoice": document["id"], "legal_entity": desk.entity}
    for name, path in (
        ("series", "/v1/series"),
        ("operation", "/v1/operations"),
        ("import_id", "/v1/imports"),
        ("legal_hold", "/v1/legal-holds"),
        ("accounting_export", "/v1/accounting/exports"),
        ("transmission", f"/v1/invoices/{document['id']}/transmissions"),
    ):
        for each in (await desk.get(path))["data"][:1]:
            ids[name] = each["id"]
    if operation == "settlement_reverse":
        ledger = await desk.get(f"/v1/invoices/{document['id']}/settlement")
        body = {**body, "entry": ledger["entries"][0]["id"]}
    if operation == "retention_try_purge":
        body = {"legal_entity": desk.entity}
    if operation == "electronic_invoices_import":
        body = replace(body, content=await exported(desk, document, "ubl"))
    return Scene(desk, document, body, ids)


OTHERS: Json = {
    "customer": "C-2",
    "legal_entity": None,
    "disputed": False,
    "skip_rejected": True,
    "next": 51,
    "name": "Else",
    "items": [draft_body()],
    "filter": {"customer": BUYER["customer"]},
    "finalize_at": None,
    "channel": "practice_authority",
    "rate": "0.8",
    "until": "2099-12-30",
    "rule": {"interest": "none", "fee": "6.00"},
    "milestone": "Else",
    "note": "other",
    "rules": [{"name": "R", "steps": [{"name": "S", "assignees": ["user:else"]}]}],
}


def other(body: Any) -> Any:
    """Another body that is as right; what has no field to change gains one."""
    if isinstance(body, File):
        return replace(body, content=body.content + b" ")
    if body is None:
        return {"held": False}  # right of the one that may have a body, and too much of the rest
    for name, value in OTHERS.items():
        if name in body:
            return {**body, name: value}
    if "lines" in body:
        return {**body, "notes": "other"}
    if "amount" in body:
        return {**body, "amount": "6.00"}
    if "source" in body:
        return {**body, "source": "other"}
    return {**body, ("how" if "how" in body else "reason" if body else "issue_date"): "2026-01-01"}
