"""A customer's case with everything that can be said about it, said with markers."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.isolation.markers import Marking
from tests.world import SELLER, Desk, World, post

CUSTOMER = "customer-9"
DIMENSIONS = ("department", "site")  # of which books take cost centre and cost object
_DRAFT = ("post", "/v1/invoices")


@dataclass(slots=True)
class CaseFile:
    """What was made, by id."""

    desk: Desk
    marking: Marking
    books: bool = False
    issued: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    keys: list[tuple[str, Any, str]] = field(default_factory=list)  # path, body, Idempotency-Key

    def content(self, about: str) -> dict[str, Any]:
        """A draft for the customer that says everything."""
        body = self.marking.body(*_DRAFT, about)
        body["buyer"]["customer"] = CUSTOMER
        child = {
            "description": self.marking.mark(f"{about}.lines.children.description"),
            "metadata": {"k": self.marking.mark(f"{about}.lines.children.metadata")},
            "price": "20.00",
            "taxes": [
                {
                    "category": "E",
                    "rate": "0",
                    "reason": self.marking.mark(f"{about}.lines.children.taxes.reason"),
                }
            ],
        }
        title = self.marking.mark(f"{about}.lines.description")
        body["lines"].append({"description": title, "children": [child]})
        text = self.marking.mark(f"{about}.payment_terms.text")
        body["payment_terms"] = {"kind": "net", "days": 14, "text": text}
        body["external_id"] = None  # one that is taken is refused
        if self.books:
            self._book(body, about)
        return body

    def _book(self, body: dict[str, Any], about: str) -> None:
        """Accounts and cost centres that the books can hold; the centres are marked."""
        [first, kit] = body["lines"]
        names = {name: f"{about}.lines.dimensions.{name}" for name in DIMENSIONS}
        first |= {"ledger_account": "8410", "tax_key": None}
        first["dimensions"] = {name: self.marking.mark(field) for name, field in names.items()}
        kit["children"][0]["ledger_account"] = "8105"  # the chart has no account for E as such

    async def once(self, path: str, body: Any) -> dict[str, Any]:
        """POST with an Idempotency-Key, so that the answer is stored."""
        key = f"key-{len(self.keys)}"
        response = await self.desk.client.post(path, json=body, headers={"Idempotency-Key": key})
        assert response.is_success, response.text
        self.keys.append((path, body, key))
        made: dict[str, Any] = response.json()
        return made

    async def again(self) -> list[httpx.Response]:
        """All that was sent under a key, sent once more."""
        return [
            await self.desk.client.post(path, json=body, headers={"Idempotency-Key": key})
            for path, body, key in self.keys
        ]

    async def invoice(self, about: str) -> str:
        """Drafted, edited and finalized."""
        made = await self.once("/v1/invoices", self.content(f"{about}.first"))
        response = await self.desk.client.put(
            f"/v1/invoices/{made['id']}", json=self.content(f"{about}.edited")
        )
        assert response.is_success, response.text
        await self.once(f"/v1/invoices/{made['id']}/finalize", {})
        self.issued.append(made["id"])
        return f"/v1/invoices/{made['id']}"

    async def say(self, path: str, route: str, **other: Any) -> dict[str, Any]:
        """A POST on a document with every text of its body marked."""
        whole = f"/v1/invoices/{{invoice}}/{route}"
        return await self.once(f"{path}/{route}", self.marking.body("post", whole, route, **other))


async def open_case(world: World, accounting: dict[str, Any] | None = None) -> CaseFile:
    """A seller full of markers of its own, and no document yet; books only if they are said."""
    tenant_id = await world.tenant()
    client = world.client(tenant_id)
    marking = Marking((await client.get("/openapi.json")).json())
    unsaid = {"titles": {}, "payment_terms": None, "accounting": accounting}
    body = marking.body("post", "/v1/legal-entities", "entity", **unsaid)
    body |= {"registrations": SELLER["registrations"]}
    body |= {"transmission_channels": [{"channel": "folder", "format": "pdf"}], "clearance": None}
    entity = await post(client, "/v1/legal-entities", body)
    return CaseFile(Desk(world, tenant_id, client, entity["id"]), marking, accounting is not None)


async def fill(case: CaseFile) -> None:
    """Every thing that can happen to a document, each with all that can be said of it."""
    path = await case.invoice("paid")
    paid = await case.say(path, "payments", amount="5.00")
    await case.say(path, "early-payment-discounts", amount="1.00")
    await case.say(path, "dispute", disputed=True)
    await case.say(path, "dispute", disputed=False)
    plan = [{"due_date": "2099-01-31"}]
    await case.say(path, "late-fees/waiver", waived=True)
    await case.say(path, "late-fees/waiver", waived=False)
    await _hold(case, case.issued[-1])
    await case.say(path, "withholding-certificates", amount="1.00")
    await case.say(path, "payment-plan", instalments=plan)
    await case.say(path, "payment-plan/end")
    await case.say(path, "reversals", entry=paid["entries"][0]["id"])
    await case.say(path, "payments", amount="900.00", source="second")
    await case.say(path, "refunds", amount="1.00", source="back")
    path = await case.invoice("credited")
    await case.say(path, "write-offs", amount="1.00")
    note = await case.say(path, "credit-notes", amount="11.90", lines=None, finalize=True)
    draft = await case.say(path, "credit-notes", amount="1.19", lines=None)
    case.issued.append(note["id"])
    case.drafts.append(draft["id"])
    await case.say(await case.invoice("voided"), "void")
    path = await case.invoice("cancelled")
    await case.once(f"{path}/transmissions", {"channel": "folder"})
    await case.say(path, "release")
    cancelled = await case.say(path, "cancel")
    case.issued.append(cancelled["id"])
    replaced = await case.say(await case.invoice("replaced"), "replace")
    case.drafts.append(replaced["id"])
    await _approve(case)
    kept = await case.once("/v1/invoices", case.content("draft"))
    gone = await case.once("/v1/invoices", case.content("deleted"))
    assert (await case.desk.client.delete(f"/v1/invoices/{gone['id']}")).status_code == 204
    case.drafts += [kept["id"], gone["id"]]
    await case.desk.world.settle()  # relay, inbox, analytics, PDFs


async def _hold(case: CaseFile, invoice: str) -> None:
    """A legal hold and its release, with why."""
    whole = "/v1/legal-holds"
    said = case.marking.body("post", whole, "hold", invoice=invoice, customer=None)
    held = await case.once(whole, said)
    over = case.marking.body("post", f"{whole}/{{legal_hold}}/release", "hold.release")
    await case.once(f"{whole}/{held['id']}/release", over)


async def _approve(case: CaseFile) -> None:
    """All that is said around an approval, on a draft of a kind that only here is submitted."""
    step = {"name": "S", "assignees": [{"permission": "invoices:approve"}]}
    rules = [{"name": "R", "types": ["proforma"], "own": True, "steps": [step]}]
    at = f"/v1/legal-entities/{case.desk.entity}/approval-rules"
    assert (await case.desk.client.put(at, json={"rules": rules})).is_success
    for about in ("kept", "gone"):
        said = {**case.content(f"approval.{about}"), "type": "proforma"}
        made = await case.once("/v1/invoices", said)
        path = f"/v1/invoices/{made['id']}"
        case.drafts.append(made["id"])
        for act in ("approval", "approval/reject", "approval", "approval/withdraw", "approval"):
            await case.say(path, act)
        await case.say(path, "approval/delegate", to="user:else")
        await case.say(path, "approval/approve")
        if about == "gone":
            assert (await case.desk.client.delete(path)).status_code == 204
