"""Sellers and buyers that an e-invoice can be routed between, and what finalizing answers."""

from typing import Any

from tests.world import BUYER, SELLER, Desk, World

LEITWEG = "04011000-12345-03"
SIRET, SIREN = "73282932000074", "732829320"  # of INSEE's own example
GERMAN_SELLER: dict[str, Any] = {
    "contact": {"name": "Mia Lund", "phone": "+49 40 12345", "email": "mia@kontor.example"},
    "endpoint": {"id": "DE136695976", "scheme": "9930"},
}
AUTHORITY: dict[str, Any] = {
    **BUYER,
    "name": "Senatskanzlei",
    "endpoint": {"id": LEITWEG, "scheme": "0204"},
}


def routes(*stated: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The profile of a buyer."""
    return {"routes": list(stated), **more}


def buyer(*stated: dict[str, Any], of: dict[str, Any] = BUYER, **more: Any) -> dict[str, Any]:
    """A buyer who states these routes, and what else it asks."""
    return {**of, "e_invoicing": routes(*stated, **more)}


async def german(world: World, **policy: Any) -> Desk:
    """A seller who has all that XRechnung and Peppol ask of sellers."""
    more = {"e_invoicing": policy} if policy else {}
    return await world.seller(**GERMAN_SELLER, **more)


async def refused(desk: Desk, draft: dict[str, Any], status: int = 422) -> dict[str, Any]:
    """The problem that finalizing answers; the draft stays one and draws no number."""
    answer = await desk.post(f"/v1/invoices/{draft['id']}/finalize", {}, status=status)
    left = await desk.get(f"/v1/invoices/{draft['id']}")
    assert (left["status"], left["number"], left["route"]) == ("draft", None, None)
    return answer


def said(answer: dict[str, Any]) -> set[tuple[str, str]]:
    """Each problem: where and what."""
    return {(each["pointer"], each["code"]) for each in answer["problems"]}


async def check(desk: Desk, draft: dict[str, Any], **query: Any) -> dict[str, Any]:
    """What the check of a draft answers."""
    path = f"/v1/invoices/{draft['id']}/check"
    response = await desk.client.post(path, params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def amend(desk: Desk, **more: Any) -> None:
    """Other details of the legal entity; those of `GERMAN_SELLER` stay."""
    body = {**SELLER, **GERMAN_SELLER, **more}
    response = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=body)
    assert response.status_code == 200, response.text
