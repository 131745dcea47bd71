"""What clerks do: one request each, mostly sensible, often too late because of another clerk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.world import BUYER, VAT19, draft_body, line

VAT7 = [{"category": "S", "rate": "7"}]
Done = Awaitable[Any]


class Refused(Exception):
    """The answer was no success."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status, self.code, self.text = status, code, text


@dataclass(frozen=True, slots=True)
class Act:
    """An act, and how often it is done beside others."""

    weight: int
    do: Callable[[Any, Any], Done]


async def ask(office: Any, clerk: Any, path: str, body: Any = None, method: str = "POST") -> Any:
    """One request; now and then it is sent twice under one key, and both answers must agree."""
    headers = {"Idempotency-Key": clerk.source()} if method == "POST" else {}
    response = await office.desk.client.request(method, path, json=body, headers=headers)
    if headers and clerk.chance.random() < 0.2:
        again = await office.desk.client.request(method, path, json=body, headers=headers)
        if response.status_code < 500 and again.status_code != 409:
            same = (
                "content" if response.is_success else "status_code"
            )  # what is malformed is not kept
            assert getattr(again, same) == getattr(response, same), (response.text, again.text)
            clerk.trace.append("asked twice")
    if not response.is_success:
        said = response.json()
        raise Refused(response.status_code, said.get("code", ""), response.text)
    return response.json() if response.content else None


def document_of(office: Any, clerk: Any) -> str:
    """One that somebody made, rather a late one. Raises Refused when there is none."""
    if not office.known:
        raise Refused(404, "nothing_yet", "")
    recent = office.known[-12:] if clerk.chance.random() < 0.7 else office.known
    found: str = clerk.chance.choice(recent)
    return found


def content(clerk: Any) -> dict[str, Any]:
    """A document of one to four lines for one of five customers, some in dollars."""
    chance = clerk.chance
    lines = [
        line(
            f"{chance.randrange(1, 50_000) / 100:.2f}",
            chance.choice(["1", "2", "0.5", "3.333"]),
            taxes=chance.choice([VAT19, VAT19, VAT7]),
        )
        for _ in range(chance.randrange(1, 5))
    ]
    customer = f"C-{chance.randrange(5)}"
    more: dict[str, Any] = {"buyer": {**BUYER, "customer": customer, "name": f"Kunde {customer}"}}
    if chance.random() < 0.15:
        more["currency"] = "USD"
    return draft_body(*lines, **more)


async def create(office: Any, clerk: Any) -> None:
    made = await ask(office, clerk, "/v1/invoices", content(clerk))
    office.known.append(made["id"])


async def create_and_finalize(office: Any, clerk: Any) -> None:
    made = await ask(office, clerk, "/v1/invoices", content(clerk))
    office.known.append(made["id"])
    await ask(office, clerk, f"/v1/invoices/{made['id']}/finalize", {})


async def edit(office: Any, clerk: Any) -> None:
    path = f"/v1/invoices/{document_of(office, clerk)}"
    await ask(office, clerk, path, content(clerk), "PUT")


async def check(office: Any, clerk: Any) -> None:
    await ask(office, clerk, "/v1/invoices/check", content(clerk))


async def delete(office: Any, clerk: Any) -> None:
    await ask(office, clerk, f"/v1/invoices/{document_of(office, clerk)}", None, "DELETE")


def on_a_document(what: str, body: Callable[[Any], Any] = lambda _: {}) -> Callable[..., Done]:
    """An act that posts something to a document."""

    async def act(office: Any, clerk: Any) -> None:
        await ask(office, clerk, f"/v1/invoices/{document_of(office, clerk)}/{what}", body(clerk))

    return act


async def batch(office: Any, clerk: Any) -> None:
    items = [{**content(clerk), "finalize": clerk.chance.random() < 0.6} for _ in range(5)]
    answer = await ask(office, clerk, "/v1/invoices/batch", {"items": items})
    office.known += [each["invoice"]["id"] for each in answer["results"] if each["accepted"]]


def in_bulk(what: str) -> Callable[..., Done]:
    """An operation over some documents."""

    async def act(office: Any, clerk: Any) -> None:
        first = document_of(office, clerk)
        ids = clerk.chance.sample(office.known, min(6, len(office.known)))
        await ask(office, clerk, f"/v1/invoices/{what}", {"invoices": sorted({first, *ids})})

    return act


async def give_grace(office: Any, clerk: Any) -> None:
    moment = datetime.now(UTC) + timedelta(days=clerk.chance.choice([1, 3, 900]))
    path = f"/v1/invoices/{document_of(office, clerk)}/grace"
    await ask(office, clerk, path, {"finalize_at": moment.isoformat()})


async def pay(office: Any, clerk: Any) -> None:
    id = document_of(office, clerk)
    settlement = await ask(office, clerk, f"/v1/invoices/{id}/settlement", None, "GET")
    amount = settlement["open"] if clerk.chance.random() < 0.5 else f"{clerk.chance.random():.2f}"
    body = {"amount": amount, "source": clerk.source()}
    paid = await ask(office, clerk, f"/v1/invoices/{id}/payments", body)
    office.entries.append((id, paid["entries"][-1]["id"]))


async def reverse(office: Any, clerk: Any) -> None:
    if not office.entries:
        raise Refused(404, "nothing_yet", "")
    id, entry = clerk.chance.choice(office.entries)
    body = {"entry": entry, "source": clerk.source()}
    await ask(office, clerk, f"/v1/invoices/{id}/reversals", body)


async def state_rates(office: Any, clerk: Any) -> None:
    today = datetime.now(UTC).date().isoformat()
    rate = {"base": "EUR", "quote": clerk.chance.choice(["GBP", "CHF"]), "on": today}
    body = {"source": "ecb", "rates": [{**rate, "rate": f"{1 + clerk.chance.random():.4f}"}]}
    await ask(office, clerk, "/v1/exchange-rates", body)


async def export(office: Any, clerk: Any) -> None:
    destination = clerk.chance.choice(["one", "two"])
    body = {"until": "2099-12-31", "format": "csv", "destination": destination}
    path = "/v1/accounting/exports"
    made = await ask(office, clerk, path, {**body, "legal_entity": office.desk.entity})
    what = clerk.chance.choice(["cancel", "hand-over", "file"])
    if what == "file":
        answer = await office.desk.client.get(f"{path}/{made['id']}/file")
        assert answer.status_code in (200, 409), answer.text
        return
    await ask(office, clerk, f"{path}/{made['id']}/{what}", {})


async def erase(office: Any, clerk: Any) -> None:
    await ask(office, clerk, "/v1/erasures", {"customer": f"C-{clerk.chance.randrange(5)}"})


async def hold(office: Any, clerk: Any) -> None:
    """A legal hold on somebody, or on everything; others let go of one meanwhile."""
    on = {"customer": f"C-{clerk.chance.randrange(5)}"}
    if clerk.chance.random() < 0.2:
        on = {"legal_entity": office.desk.entity}
    await ask(office, clerk, "/v1/legal-holds", {**on, "reason": "lawsuit"})


async def release_hold(office: Any, clerk: Any) -> None:
    standing = (await office.desk.get("/v1/legal-holds", state="standing"))["data"]
    for each in clerk.chance.sample(standing, min(2, len(standing))):
        await ask(office, clerk, f"/v1/legal-holds/{each['id']}/release", {"reason": "settled"})


async def waive(office: Any, clerk: Any) -> None:
    said = {"waived": clerk.chance.random() < 0.7, "reason": "agreed"}
    await on_a_document("late-fees/waiver", lambda _: said)(office, clerk)


async def skip_numbers(office: Any, clerk: Any) -> None:
    series = (await office.desk.get("/v1/series"))["data"]
    chosen = clerk.chance.choice(series)
    body = {"next": (chosen.get("last_number") or 0) + clerk.chance.randrange(1, 40)}
    await ask(office, clerk, f"/v1/series/{chosen['id']}/next-number", {**body, "reason": "moved"})


async def let_time_pass(office: Any, clerk: Any) -> None:
    hours = clerk.chance.choice([1, 7, 24, 40])
    await office.desk.world.advance(office.desk.tenant_id, timedelta(hours=hours))


def _some(clerk: Any) -> str:
    return f"{clerk.chance.randrange(1, 3000) / 100:.2f}"


def _credit(clerk: Any) -> dict[str, Any]:
    whole = clerk.chance.random() < 0.4
    said: dict[str, Any] = {} if whole else {"amount": _some(clerk)}
    return {**said, "finalize": clerk.chance.random() < 0.8}


def _sourced(clerk: Any) -> dict[str, Any]:
    return {"amount": _some(clerk), "source": clerk.source()}


ACTS = {
    "create": Act(14, create),
    "create and finalize": Act(16, create_and_finalize),
    "edit": Act(6, edit),
    "check": Act(2, check),
    "delete": Act(2, delete),
    "finalize": Act(8, on_a_document("finalize")),
    "batch": Act(5, batch),
    "finalize in bulk": Act(4, in_bulk("finalize")),
    "void in bulk": Act(1, in_bulk("void")),
    "release in bulk": Act(1, in_bulk("release")),
    "give grace": Act(3, give_grace),
    "void": Act(3, on_a_document("void")),
    "release": Act(3, on_a_document("release")),
    "cancel": Act(4, on_a_document("cancel")),
    "credit": Act(7, on_a_document("credit-notes", _credit)),
    "pay": Act(14, pay),
    "reverse": Act(4, reverse),
    "refund": Act(3, on_a_document("refunds", _sourced)),
    "write off": Act(3, on_a_document("write-offs")),
    "discount": Act(3, on_a_document("early-payment-discounts", _sourced)),
    "dispute": Act(2, on_a_document("dispute", lambda _: {"disputed": True})),
    "transmit": Act(4, on_a_document("transmissions", lambda _: {"channel": "folder"})),
    "state rates": Act(1, state_rates),
    "export": Act(2, export),
    "erase": Act(1, erase),
    "hold": Act(1, hold),
    "release a hold": Act(1, release_hold),
    "waive late fees": Act(1, waive),
    "skip numbers": Act(1, skip_numbers),
    "let time pass": Act(3, let_time_pass),
}
