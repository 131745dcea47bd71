"""The numbers of many documents: known outside before the work begins, so it is done once (D2)."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.content import content_of
from invx.contexts.invoicing.api.schemas.documents import DraftIn
from invx.contexts.invoicing.app.asked import WantedNumber
from invx.contexts.invoicing.app.bulk_invoices import BulkInvoices, NewInvoice, bulk_invoices
from invx.contexts.invoicing.app.draft_document import DraftDocument
from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.finalize_documents import FinalizeDocuments, finalize_documents
from invx.contexts.invoicing.app.foresee_numbers import foresee_numbers
from invx.contexts.invoicing.domain.content import DocumentType
from invx.host import build_host
from invx.infra.apart import at_home
from invx.infra.embedded import Postgres
from invx.infra.running import Host
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from invx.kernel.ports import Needs
from tests.waiting import HANG_SECONDS
from tests.world import Desk, draft_body, line, open_world


@pytest.fixture
async def desk(server: Postgres, tmp_path: Path) -> AsyncIterator[Desk]:
    """A tenant whose numbers stand in an outside journal."""
    settings = {"INVX_NUMBERS_FILE": str(tmp_path / "numbers.jsonl")}
    async with open_world(server, tmp_path, settings) as world:
        yield await world.seller()


class Rounds:
    """Runs a handler, and counts what each round that was given up had recorded."""

    def __init__(self, desk: Desk, host: Host | None = None) -> None:
        self._runner = (host or desk.world.host).contexts["invoicing"].runner
        self._caller = Caller(desk.tenant_id, "user:billing", Uuid7Ids().new())
        self.in_vain: list[int] = []

    async def run(self, handler: Any, command: Any) -> Sequence[Any]:
        async def watched(command: Any, uow: UnitOfWork) -> Any:
            try:
                return await handler(command, uow)
            except Needs:
                self.in_vain.append(len(uow.changed))
                raise

        found: Sequence[Any] = await self._runner.run(watched, command, self._caller, long=True)
        return found

    async def numbers(self, handler: Any, command: Any) -> list[int]:
        """The counts at the end of the numbers that were given, in order."""
        outcomes = await self.run(handler, command)
        return [_count(each.document.number) for each in outcomes if isinstance(each, Finalized)]


def _count(number: str | None) -> int:
    assert number is not None
    return int(number.rpartition("-")[2])


def _invoices(count: int, **said: Any) -> BulkInvoices:
    body = DraftIn.model_validate(draft_body(line("10.00"), **said))
    content, defaults = content_of(body)
    draft = DraftDocument(content=content, defaults=defaults)
    return BulkInvoices([NewInvoice(draft=draft, finalize=True)] * count)


def _reserved(path: Path) -> list[int]:
    return [json.loads(each)["reserved"] for each in path.read_text().splitlines()]


async def test_no_document_is_opened_before_its_number_is_known_outside(
    desk: Desk, tmp_path: Path
) -> None:
    rounds = Rounds(desk)
    assert await rounds.numbers(bulk_invoices, _invoices(120)) == list(range(1, 121))
    assert rounds.in_vain == [0]
    # 120 and the 12 ahead that a tenth is; of the next 12 each is known already.
    assert _reserved(tmp_path / "numbers.jsonl") == [131]
    assert await rounds.numbers(bulk_invoices, _invoices(11)) == list(range(121, 132))
    assert rounds.in_vain == [0]
    assert await rounds.numbers(bulk_invoices, _invoices(1)) == [132]
    assert rounds.in_vain == [0, 0]


async def test_drafts_are_read_once_to_be_finalized(desk: Desk) -> None:
    ids = [
        parse_typeid("inv", (await desk.post("/v1/invoices", draft_body(line("1.00"))))["id"])
        for _ in range(8)
    ]
    rounds = Rounds(desk)
    outcomes = await rounds.run(finalize_documents, FinalizeDocuments([*ids, Uuid7Ids().new()]))
    assert [_count(each.document.number) for each in outcomes[:-1]] == list(range(1, 9))
    assert not isinstance(outcomes[-1], Finalized)  # there is none of this id
    assert rounds.in_vain == [0]
    again = await rounds.run(finalize_documents, FinalizeDocuments(ids))
    assert not any(isinstance(each, Finalized) for each in again)
    assert (await desk.invoice())["number"].endswith("0009")


async def test_what_is_refused_draws_nothing_whatever_was_foreseen(desk: Desk) -> None:
    command = _invoices(3)
    body = DraftIn.model_validate(draft_body(issue_date="2020-01-01"))
    content, defaults = content_of(body)
    stranger = DraftDocument(content=content, defaults=defaults, legal_entity_id=Uuid7Ids().new())
    bad = [
        NewInvoice(draft=DraftDocument(content=content, defaults=defaults), finalize=True),
        NewInvoice(draft=stranger, finalize=True),
        NewInvoice(draft=command.invoices[0].draft, finalize=True, series_id=Uuid7Ids().new()),
    ]
    rounds = Rounds(desk)
    outcomes = await rounds.run(bulk_invoices, BulkInvoices([*bad, *command.invoices]))
    assert [isinstance(each, Finalized) for each in outcomes] == [False] * 3 + [True] * 3
    assert [_count(each.document.number) for each in outcomes[3:]] == [1, 2, 3]


async def test_who_draws_at_the_same_time_does_no_work_in_vain(desk: Desk, tmp_path: Path) -> None:
    """Each reserves for all at work; who asked for numbers that others took asks for more."""
    await desk.invoice()
    rounds = [Rounds(desk) for _ in range(6)]
    found = await asyncio.gather(*[each.numbers(bulk_invoices, _invoices(60)) for each in rounds])
    assert sorted(number for numbers in found for number in numbers) == list(range(2, 362))
    for numbers in found:
        assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert all(recorded == 0 for each in rounds for recorded in each.in_vain)
    assert max(_reserved(tmp_path / "numbers.jsonl")) <= 361 + 6 * 60 + 100
    series = next(
        each for each in (await desk.get("/v1/series"))["data"] if each["types"] == ["invoice"]
    )
    assert (await desk.get(f"/v1/series/{series['id']}/gaps"))["complete"]


async def test_other_processes_may_draw_many_too(desk: Desk) -> None:
    """Each process knows only of what it was granted itself."""
    world = desk.world
    other = await build_host(world.place.where, world.settings)
    try:
        rounds = [Rounds(desk, host) for _ in range(4) for host in (world.host, other)]
        found = await asyncio.gather(
            *[each.numbers(bulk_invoices, _invoices(40)) for each in rounds]
        )
    finally:
        await other.stop()
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 321))
    assert all(recorded == 0 for each in rounds for recorded in each.in_vain)


async def test_who_prepares_holds_up_nobody_and_does_nothing_in_vain(
    desk: Desk, tmp_path: Path
) -> None:
    """One has foreseen its numbers and is at work; another begins after it and is done before."""
    world = desk.world
    other = await build_host(world.place.where, world.settings)
    foreseen, overtaken = asyncio.Event(), asyncio.Event()
    first, second = Rounds(desk), Rounds(desk, other)

    async def wait() -> None:
        foreseen.set()
        await asyncio.wait_for(overtaken.wait(), HANG_SECONDS)

    async def slow(command: BulkInvoices, uow: UnitOfWork) -> Any:
        wanted = WantedNumber(None, DocumentType.INVOICE, None, None)
        await foresee_numbers([wanted] * len(command.invoices), uow)
        await at_home(wait)
        return await bulk_invoices(command, uow)

    try:
        slowly = asyncio.create_task(first.numbers(slow, _invoices(30)))
        await asyncio.wait_for(foreseen.wait(), HANG_SECONDS)
        assert await second.numbers(bulk_invoices, _invoices(200)) == list(range(1, 201))
        assert await second.numbers(bulk_invoices, _invoices(200)) == list(range(201, 401))
        overtaken.set()
        assert await slowly == list(range(401, 431))
    finally:
        await other.stop()
    assert all(recorded == 0 for each in (first, second) for recorded in each.in_vain)
    # Each reserved for both, as much as it wanted itself; and at most a hundred ahead.
    assert max(_reserved(tmp_path / "numbers.jsonl")) <= 400 + 2 * 200 + 100


async def test_a_bound_is_stored_with_the_first_number_below_it(desk: Desk, tmp_path: Path) -> None:
    """So that another process, which knows only what is stored, may draw up to it."""
    assert await Rounds(desk).numbers(bulk_invoices, _invoices(40)) == list(range(1, 41))
    async with desk.world.admin() as conn:
        stored = await conn.fetchval(
            "SELECT p.reserved::text FROM invoicing.number_permits p WHERE p.tenant_id = $1"
            " AND p.reserved::text <> '{}'",
            desk.tenant_id,
        )
    assert list(json.loads(stored).values()) == [max(_reserved(tmp_path / "numbers.jsonl"))]


async def test_numbers_left_out_between_two_rounds_are_made_known_too(
    desk: Desk, tmp_path: Path
) -> None:
    """The bound that was asked for lies below the number that is drawn in the end."""
    series = next(
        each for each in (await desk.get("/v1/series"))["data"] if each["types"] == ["invoice"]
    )
    rounds = Rounds(desk)
    passed: list[bool] = []

    async def overtaken(command: BulkInvoices, uow: UnitOfWork) -> Any:
        if rounds.in_vain and not passed:
            passed.append(True)
            path = f"/v1/series/{series['id']}/next-number"
            body = {"next": 5_000, "reason": "the old program gave those before"}
            await at_home(lambda: desk.post(path, body))
        return await bulk_invoices(command, uow)

    assert await rounds.numbers(overtaken, _invoices(7)) == list(range(5_000, 5_007))
    assert passed
    assert max(_reserved(tmp_path / "numbers.jsonl")) >= 5_006
