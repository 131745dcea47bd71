"""Whatever is opened, cancelled and booked at once: every booking is in exactly one export."""

import asyncio
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.invoicing.books import EXPORTS, bookkeeper
from tests.world import Desk, World, line

FIRST = date(2025, 1, 1)
_INSERT = """INSERT INTO invoicing.bookings (tenant_id, booking_id, legal_entity_id, document_id,
    sequence, kind, booked_on, period, debit, credit, amount, currency, booked_amount,
    book_currency, pending, receivable, tax_due, automatic, document_number, recorded_at)
SELECT d.tenant_id, $2, d.legal_entity_id, d.document_id, $3, 'payment', $4,
    to_char($4::date, 'YYYY-MM'), '1200', '1590', 1, 'EUR', 1, 'EUR', false, 0, 0, true,
    d.number, now()
FROM invoicing.documents d WHERE d.tenant_id = $1 AND d.number IS NOT NULL LIMIT 1"""


class Play:
    """Acts at random, and remembers every booking that was committed."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk = desk
        self.chance = chance
        self.booked: set[UUID] = set()
        self.waiting: list[tuple[asyncpg.Connection, asyncpg.transaction.Transaction, UUID]] = []
        self._sequence = 1_000

    async def book(self, conn: asyncpg.Connection) -> UUID:
        self._sequence += 1
        made, day = uuid4(), FIRST + timedelta(days=self.chance.randrange(90))
        await conn.execute(_INSERT, self.desk.tenant_id, made, self._sequence, day)
        return made

    async def book_now(self) -> None:
        async with self.desk.world.admin() as conn:
            for _ in range(self.chance.randrange(1, 6)):
                self.booked.add(await self.book(conn))

    async def book_and_wait(self) -> None:
        """A booking that is written now and committed some time later."""
        conn = await asyncpg.connect(**self.desk.world.place.admin)
        transaction = conn.transaction()
        await transaction.start()
        self.waiting.append((conn, transaction, await self.book(conn)))

    async def commit(self) -> None:
        if self.waiting:
            at = self.chance.randrange(len(self.waiting))
            conn, transaction, made = self.waiting.pop(at)
            await transaction.commit()
            await conn.close()
            self.booked.add(made)

    async def open(self, until: date | None = None) -> None:
        """One, or several at once."""
        body = {
            "until": (until or FIRST + timedelta(days=self.chance.randrange(90))).isoformat(),
            "format": "csv",
        }
        times = self.chance.choice((1, 2, 3))
        answers = await asyncio.gather(
            *(self.desk.client.post(EXPORTS, json=body) for _ in range(times))
        )
        assert Counter(each.status_code for each in answers) in (
            {201: 1, 409: times - 1} if times > 1 else {201: 1},
            {409: times},
        )

    async def cancel(self) -> None:
        """Some export that is ready, perhaps twice at once."""
        ready = (await self.desk.get(EXPORTS, status="ready"))["data"]
        if ready:
            chosen = self.chance.choice(ready)
            act = self.chance.choice(("cancel", "handover"))
            both = (f"{EXPORTS}/{chosen['id']}/{each}" for each in ("cancel", act))
            answers = await asyncio.gather(*(self.desk.client.post(p, json={}) for p in both))
            assert min(each.status_code for each in answers) == 200
            assert all(each.status_code in (200, 409) for each in answers)


async def taken(desk: Desk) -> Counter[UUID]:
    """How many standing exports hold each booking."""
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT x.booking_id FROM invoicing.exported_bookings x"
            " JOIN invoicing.accounting_exports e USING (tenant_id, export_id)"
            " WHERE x.tenant_id = $1 AND NOT x.released AND e.status <> 'cancelled'"
            " AND x.destination = 'csv'",
            desk.tenant_id,
        )
    return Counter(row[0] for row in rows)


@pytest.mark.parametrize("seed", range(2))
async def test_every_booking_is_taken_exactly_once(world: World, seed: int) -> None:
    desk = await bookkeeper(world)
    document = await desk.finalize(await desk.draft(line("1.00")), issue_date="2025-01-02")
    play = Play(desk, random.Random(seed))
    acts: list[Any] = [play.book_now, play.book_and_wait, play.commit, play.open, play.cancel]
    for _ in range(25):
        await play.chance.choice(acts)()
        assert max((await taken(desk)).values(), default=1) == 1
    while play.waiting:
        await play.commit()
    await play.open(date(2099, 1, 1))
    held = await taken(desk)
    assert play.booked <= set(held)
    assert set(held.values()) == {1}
    assert len(held) == len(play.booked) + 1, document["number"]  # and the invoice itself


async def test_two_destinations_at_once_agree_on_debtor_numbers(world: World) -> None:
    desk = await bookkeeper(world)
    for number in range(4):
        buyer = {"name": f"B{number}", "customer": f"K{number}", "address": {"country": "DE"}}
        draft = await desk.draft(line("1.00"), buyer=buyer)
        await desk.finalize(draft, issue_date="2025-01-02")
    bodies = [{"until": "2025-12-31", "format": "csv", "destination": each} for each in "abc"]
    answers = await asyncio.gather(*(desk.client.post(EXPORTS, json=each) for each in bodies))
    assert [each.status_code for each in answers] == [201, 201, 201]
    files = [
        (await desk.client.get(f"{EXPORTS}/{each.json()['id']}/debtors")).content
        for each in answers
    ]
    assert files[0] == files[1] == files[2]
    numbers = [line.split(b",")[:2] for line in files[0].split(b"\r\n")[1:-1]]
    assert numbers == [[b"1000%d" % each, b"K%d" % each] for each in range(4)]
