"""Two tenants: one with something of everything, and one that holds the ids of the first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from invx.contexts.invoicing.adapters.tax_engines.facts import PORT
from invx.contexts.invoicing.api.schemas.examples import (
    IMPORT_FILE,
    TAX_OVERRIDES,
    TAX_RATE_TABLE,
)
from invx.kernel.ids import typeid
from tests.integration.isolation.access_victims import let_in
from tests.sealing import seal
from tests.tax_engine import TestEngine
from tests.world import BUYER, SELLER, Desk, World, line

OWED = [{"category": "AE", "reason_code": "VATEX-EU-AE"}]
ABROAD = {**BUYER["address"], "country": "FR"}
BUYER_ABROAD = {**BUYER, "address": ABROAD, "vat_id": "FR40303265045", "name": "Geheim SARL"}
MILESTONES = [{"name": name, "percent": "50"} for name in ("Geheim", "Geheimer")]
IN_STEPS = {"method": "milestone", "milestones": MILESTONES}
CUSTOMER, EXTERNAL_ID = "victims-customer", "victims-external-id"
DESTINATION = "victims-accountant"


@dataclass(frozen=True, slots=True)
class Victim:
    """A tenant whose ids somebody else got hold of."""

    desk: Desk
    draft: str
    invoice: str
    credit_note: str
    entry: str
    series: str
    cursor: str
    series_cursor: str
    entity_cursor: str
    number: str
    registration: str
    tax_cursor: str
    operation: str
    rate_cursor: str
    export: str
    export_cursor: str
    transmission: str
    listed: str
    booking_cursor: str
    engine_entry: str
    engine_document: str
    file: str
    file_hash: str
    file_cursor: str
    erasure: str
    legal_hold: str
    hold_cursor: str
    import_id: str
    submitted: str
    approval_cursor: str
    member: str
    session: str
    role: str
    api_key: str
    invitation: str
    member_actor: str
    acts_cursor: str
    support_grant: str
    oauth_client: str
    customer: str = CUSTOMER
    external_id: str = EXTERNAL_ID
    destination: str = DESTINATION

    @property
    def entity(self) -> str:
        return self.desk.entity

    @property
    def tenant(self) -> str:
        return typeid("tnt", self.desk.tenant_id)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Ids that no answer to anybody else tells."""
        ids = (self.draft, self.invoice, self.credit_note, self.submitted)
        return (*ids, self.entity, self.operation)

    def names(self) -> dict[str, str]:
        """What stands for the parameters of a path: the victim's finalized invoice, and so on."""
        return {
            "invoice": self.invoice,
            "legal_entity": self.entity,
            "series": self.series,
            "country": "DE",
            "operation": self.operation,
            "accounting_export": self.export,
            "transmission": self.transmission,
            "code": "SKR03",
            "entry": self.engine_entry,
            "file": self.file,
            "erasure": self.erasure,
            "legal_hold": self.legal_hold,
            "kind": "documents",
            "import_id": self.import_id,
            "oauth_client": self.oauth_client,
            "name": "RE-1.pdf",
            "member": self.member,
            "session": self.session,
            "role": self.role,
            "api_key": self.api_key,
            "invitation": self.invitation,
            "sandbox": self.tenant,
            "support_grant": self.support_grant,
        }


async def furnish(world: World) -> Victim:
    """A victim with a row in every table of tenant data that the API fills."""
    desk = await world.seller(
        external_id="victims-entity",
        accounting={"chart": "SKR03"},
        transmission_channels=[{"channel": "folder", "format": "ubl"}],
    )
    buyer = {**BUYER, "customer": CUSTOMER, "name": "Geheim KG"}
    said: dict[str, Any] = {"buyer": buyer, "metadata": {"secret": "yes"}}
    await _trade_abroad(desk, said)
    small = await desk.invoice(line("5.00"), **said)
    draft = await desk.draft(line("7.00"), external_id=EXTERNAL_ID, **said)
    deferred = line("100.00", id="1", recognition=IN_STEPS)
    issued = await desk.invoice(deferred, line("50.00", id="2"), **said)
    listed = await desk.invoice(line("9.00", taxes=OWED), buyer=BUYER_ABROAD)
    path = f"/v1/invoices/{issued['id']}"
    paid = await desk.post(
        f"{path}/payments", {"amount": "10.00", "source": "victims-source", "note": "n"}
    )
    await _earn_later(desk, path)
    note = await desk.post(f"{path}/credit-notes", {"amount": "11.90", "finalize": True})
    sent = await desk.post(f"{path}/transmissions", {"channel": "folder"})
    series = (await desk.get("/v1/series"))["data"]
    serving = next(each["id"] for each in series if "invoice" in each["types"])
    await desk.post(f"/v1/series/{serving}/next-number", {"next": 90, "reason": "moved"})
    await desk.post(f"/v1/invoices/{draft['id']}/grace", {"finalize_at": "2199-01-01T00:00:00Z"})
    begun = await desk.post("/v1/invoices/release", {"invoices": [small["id"], draft["id"]]})
    await world.settle()
    await seal(desk, anchored=True)
    await desk.client.post(  # an answer that is stored
        "/v1/invoices",
        json={"lines": [line("1.00")], **said},
        headers={"Idempotency-Key": "victims-key"},
    )
    await _state_taxes(desk)
    exports = await _exports(desk)
    taxes = await desk.get("/v1/tax/entries", limit=1)
    return Victim(
        desk,
        draft["id"],
        issued["id"],
        note["id"],
        paid["entries"][0]["id"],
        serving,
        **await _cursors(desk),
        number=issued["number"],
        registration=taxes["data"][0]["registration"],
        tax_cursor=taxes["next"],
        operation=begun["id"],
        export=exports["data"][0]["id"],
        export_cursor=exports["next"],
        transmission=sent["id"],
        listed=listed["id"],
        **await _tell_an_engine(desk),
        **await _upload(desk),
        erasure=await _closed_and_erased(desk),
        **await _ask_for_approval(desk, said),
        **await let_in(desk),
        **await _others(desk),
    )


async def _others(desk: Desk) -> dict[str, str]:
    """What came from another system, and a program that may come."""
    body = {"name": "Geheim", "type": "confidential", "scopes": ["invoices:read"]}
    program = await desk.post("/v1/oauth-clients", body)
    return {
        "import_id": await _move_in(desk),
        "oauth_client": program["id"],
        **await _hold(desk),
    }


async def _cursors(desk: Desk) -> dict[str, Any]:
    """What leads on in the victim's lists."""
    lists = {
        "cursor": "invoices",
        "series_cursor": "series",
        "entity_cursor": "legal-entities",
        "rate_cursor": "exchange-rates",
        "booking_cursor": "accounting/bookings",
    }
    return {name: (await desk.get(f"/v1/{path}", limit=1))["next"] for name, path in lists.items()}


async def _closed_and_erased(desk: Desk) -> str:
    """A closed period, and an erasure; the id of this."""
    path = f"/v1/legal-entities/{desk.entity}/periods/payments"
    assert (await desk.client.put(path, json={"closed_through": "2020-12-31"})).is_success
    done = await desk.post("/v1/erasures", {"customer": "victims-nobody"})
    found: str = done["id"]
    return found


async def _hold(desk: Desk) -> dict[str, str]:
    """A legal hold that stands, and one that was released; of no document."""
    for customer in ("victims-debtor", "victims-former-debtor"):
        body = {"customer": customer, "reason": "Geheim"}
        held = await desk.post("/v1/legal-holds", body)
    await desk.post(f"/v1/legal-holds/{held['id']}/release", {"reason": "Geheimer"})
    cursor = (await desk.get("/v1/legal-holds", limit=1))["next"]
    return {"legal_hold": held["id"], "hold_cursor": cursor}


async def _move_in(desk: Desk) -> str:
    """What another system issued: a document, one that waits to be imported, and an open file."""
    done = await _opened(desk, "victims-old")
    await desk.post(f"/v1/imports/{done}/commit", {})
    await desk.world.settle()
    await leave_waiting(desk, "victims-older")
    await _opened(desk, "victims-oldest")
    return done


async def leave_waiting(desk: Desk, source: str) -> None:
    """An import that waits until the world settles."""
    opened = await _opened(desk, source)
    await desk.post(f"/v1/imports/{opened}/commit", {})


async def _opened(desk: Desk, source: str) -> str:
    head, row, _ = IMPORT_FILE.replace("Elbkontor Reederei GmbH", "Geheim KG").split("\n")
    content = f"{head};Datei\n{row};RE-1.pdf\n"
    path = f"/v1/imports?source={source}&name=Geheim.csv&legal_entity={desk.entity}"
    found: str = (await desk.client.post(path, content=content)).json()["id"]
    return found


async def _trade_abroad(desk: Desk, said: dict[str, Any]) -> None:
    """Exchange rates of today, and an invoice that was paid at them."""
    today = datetime.now(UTC).date().isoformat()
    rates = [{"base": "EUR", "quote": "USD", "on": today, "rate": "1.10"}]
    rates.append({**rates[0], "quote": "GBP"})
    await desk.post("/v1/exchange-rates", {"source": "ecb", "rates": rates})
    abroad = await desk.invoice(line("5.00"), currency="USD", **said)
    await desk.post(
        f"/v1/invoices/{abroad['id']}/payments", {"amount": "1.00", "source": "victims-dollars"}
    )


async def _earn_later(desk: Desk, path: str) -> None:
    """A milestone is reached, and a certificate of a tax that was kept back has come."""
    await desk.post(f"{path}/milestones", {"line": "1", "milestone": "Geheim"})
    await desk.post(
        f"{path}/withholding-certificates", {"amount": "1.00", "source": "victims-certificate"}
    )


async def _exports(desk: Desk) -> dict[str, Any]:
    """Two exports; the file of one was read."""
    for destination in ("other", DESTINATION):
        body = {"until": "2099-12-31", "format": "csv", "destination": destination}
        made = await desk.post("/v1/accounting/exports", {**body, "legal_entity": desk.entity})
    assert (await desk.client.get(f"/v1/accounting/exports/{made['id']}/file")).is_success
    return await desk.get("/v1/accounting/exports", limit=1)


async def _tell_an_engine(desk: Desk) -> dict[str, str]:
    """A document that an engine taxed, and the entry that it is owed."""
    plugged: Any = desk.world.host.contexts["invoicing"].runner.providers[PORT]
    plugged.engines["acme"] = TestEngine()
    texas = {"country": "US", "region": "TX", "postal_code": "78704", "city": "Austin"}
    tax = {"country": "US", "region": "TX", "tax_number": "32012345678"}
    seller = await desk.post(
        "/v1/legal-entities",
        {
            **SELLER,
            "name": "Geheim LLC",
            "address": texas,
            "registrations": [tax],
            "default_profile": "plain",
            "currency": "USD",
            "bank_accounts": [],
            "tax_engine": "acme",
        },
    )
    supplied = {"description": "Chair", "price": "1.00", "supply": {"kind": "goods"}}
    buyer = {"name": "Geheim Inc", "customer": CUSTOMER, "address": texas}
    body = {"legal_entity": seller["id"], "buyer": buyer, "lines": [supplied]}
    await desk.finalize(await desk.post("/v1/invoices", body))
    [entry] = (await desk.get("/v1/tax/engine-entries"))["data"]
    return {"engine_entry": entry["id"], "engine_document": entry["invoice"]}


async def _state_taxes(desk: Desk) -> None:
    """A second seller; a rate table and rows over a pack, both in their first version."""
    await desk.post("/v1/legal-entities", {**SELLER, "name": "Zweite GmbH"})
    rates = [{**rate, "name": "Geheim"} for rate in TAX_RATE_TABLE["rates"]]
    for path, body in (
        ("rate-tables/US", {"rates": rates}),
        ("overrides/DE", {**TAX_OVERRIDES, "pack_version": "Geheim"}),
    ):
        answer = await desk.client.put(f"/v1/tax/{path}", json=body)
        assert answer.status_code == 200, answer.text


async def _ask_for_approval(desk: Desk, said: dict[str, Any]) -> dict[str, str]:
    """Rules that no other document meets, and two that wait for approvals."""
    step = {"name": "Geheim", "assignees": ["user:test", {"permission": "invoices:approve"}]}
    rule = {"name": "Geheim", "types": ["proforma"], "own": True, "steps": [step]}
    path = f"/v1/legal-entities/{desk.entity}/approval-rules"
    assert (await desk.client.put(path, json={"rules": [rule]})).is_success
    for _ in range(2):
        draft = await desk.draft(type="proforma", legal_entity=desk.entity, **said)
        await desk.post(f"/v1/invoices/{draft['id']}/approval", {"note": "Geheim"})
    listed = await desk.get("/v1/approvals", limit=1)
    return {"submitted": draft["id"], "approval_cursor": listed["next"]}


async def _upload(desk: Desk) -> dict[str, Any]:
    """Files, one of them named by a draft."""
    files = []
    for name in ("Geheim.csv", "Geheimer.csv"):
        query, text = {"name": name}, {"content-type": "text/csv"}
        said = f"{name},1\n"
        response = await desk.client.post("/v1/files", params=query, content=said, headers=text)
        assert response.status_code == 201, response.text
        files.append(response.json())
    named = [{"id": "1", "file": files[0]["id"]}]
    await desk.draft(attachments=named, legal_entity=desk.entity)
    cursor = (await desk.get("/v1/files", limit=1))["next"]
    return {"file": files[1]["id"], "file_hash": files[1]["sha256"], "file_cursor": cursor}
