"""People around a document that needs an approval, and the rules that they work by."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from invx.place import ALL_PERMISSIONS
from tests.world import Desk, line, post

Json = dict[str, Any]

CLERK = tuple(each for each in ALL_PERMISSIONS if each != "invoices:approve")
MANAGER: Json = {"name": "Manager", "assignees": ["user:mia"]}
OVER: Json = {
    "name": "Over 5,000 needs a manager",
    "over": {"amount": "5000.00", "currency": "EUR"},
    "steps": [MANAGER],
}
LARGE = line("10000.00")  # 11,900.00 gross


def step(name: str, *assignees: Any, **more: Any) -> Json:
    """A step that these may decide."""
    return {"name": name, "assignees": list(assignees), **more}


def rule(name: str, *steps: Json, **more: Any) -> Json:
    """A rule with these steps, which applies to everything unless told otherwise."""
    return {"name": name, "steps": list(steps), **more}


@dataclass(frozen=True, slots=True)
class Office:
    """A seller with approval rules; people are known by their first names."""

    desk: Desk

    @classmethod
    async def of(cls, desk: Desk, *rules: Json) -> "Office":
        """With these rules from now on."""
        office = cls(desk)
        await office.state(*rules)
        return office

    async def state(self, *rules: Json) -> Json:
        path = f"/v1/legal-entities/{self.desk.entity}/approval-rules"
        answer = await self.desk.client.put(path, json={"rules": list(rules)})
        assert answer.status_code == 200, answer.text
        stated: Json = answer.json()
        return stated

    def person(self, name: str, limit: str | None = None, *, clerk: bool = False) -> "Person":
        """Somebody of the office; `limit` is in euros."""
        held = CLERK if clerk else ALL_PERMISSIONS
        allowed = None if limit is None else {"EUR": Decimal(limit)}
        client = self.desk.world.client(
            self.desk.tenant_id, held, subject=f"user:{name}", approval_limit=allowed
        )
        return Person(client)

    async def submitted(self, *lines: Json, by: str = "sam", **more: Any) -> Json:
        """A draft that somebody submitted."""
        draft = await self.desk.draft(*(lines or (LARGE,)), **more)
        await self.person(by, clerk=True).act(draft, "")
        return draft

    async def status(self, draft: Json) -> str:
        """What the document says of its approval."""
        found: str = (await self.desk.get(f"/v1/invoices/{draft['id']}"))["approval_status"]
        return found

    async def approval(self, draft: Json) -> Json:
        return await self.desk.get(f"/v1/invoices/{draft['id']}/approval")

    async def history(self, draft: Json) -> list[Json]:
        """What happened to the approval, oldest first."""
        told = await self.desk.get(f"/v1/invoices/{draft['id']}/history")
        return [each for each in told["data"] if each["about"] == "approval"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    client: httpx.AsyncClient

    async def act(self, draft: Json, what: str, *, status: int = 200, **body: Any) -> Json:
        """Submit (""), approve, reject, delegate or withdraw."""
        path = f"/v1/invoices/{draft['id']}/approval{what and '/'}{what}"
        return await post(self.client, path, body, status=status)

    async def refused(self, draft: Json, what: str, status: int, **body: Any) -> str:
        """The code of the refusal."""
        code: str = (await self.act(draft, what, status=status, **body))["code"]
        return code

    async def waiting(self, **query: str) -> list[str]:
        """The invoices that wait for this person."""
        asked = {"assignee": "me", "status": "pending", **query}
        found = await self.client.get("/v1/approvals", params=asked)
        assert found.status_code == 200, found.text
        return [each["invoice"] for each in found.json()["data"]]

    async def finalize(self, draft: Json, *, status: int = 200) -> Json:
        return await post(self.client, f"/v1/invoices/{draft['id']}/finalize", {}, status=status)
