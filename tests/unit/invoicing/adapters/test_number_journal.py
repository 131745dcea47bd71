"""The outside journal: a bound is on the disk before it is answered; torn lines are passed over."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.number_journal import (
    AHEAD_MAX,
    NumberJournal,
    NumberJournalUnavailable,
    Reservation,
    read_journal,
)
from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.infra.anchoring import pseudonym
from invx.infra.system import SystemClock
from invx.kernel.errors import Kind
from invx.kernel.ports import Fact

TENANT, SERIES = UUID(int=1), UUID(int=2)
PLACE = (pseudonym(TENANT), str(SERIES), "2026")


def _fact(journal: NumberJournal, next: int, *, beyond: int = 0, period: str = "2026") -> Fact:
    return journal.fact(Reservation(TENANT, SERIES, period, next - 1, next), beyond=beyond)


async def _bound(journal: NumberJournal, next: int, *, times: int = 1) -> int:
    answers = await journal.obtain([_fact(journal, next)] * times)
    assert len({each.value for each in answers}) == 1
    bound: int = answers[0].value
    return bound


async def test_a_bound_is_a_tenth_ahead_and_stands_in_the_file(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    assert await _bound(journal, 1) == 5
    assert read_journal(journal.path)[PLACE] == OutsideCount(0, 5)
    assert await _bound(NumberJournal(journal.path, SystemClock()), 1_000) == 1_000 + AHEAD_MAX - 1
    assert await _bound(NumberJournal(journal.path, SystemClock()), 300) == 329
    assert read_journal(journal.path)[PLACE] == OutsideCount(999, 1_099)
    assert len(journal.path.read_text().splitlines()) == 3


async def test_a_batch_asks_for_each_of_its_numbers(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    assert await _bound(journal, 1, times=300) >= 300
    [line] = journal.path.read_text().splitlines()
    said = json.loads(line)
    assert {key: said[key] for key in ("format", "tenant", "series", "period", "given")} == {
        "format": "invx numbers 1",
        "tenant": PLACE[0],
        "series": PLACE[1],
        "period": "2026",
        "given": 0,
    }


async def test_who_asks_while_there_is_enough_is_answered_without_a_new_line(
    tmp_path: Path,
) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    assert [await _bound(journal, 1) for _ in range(20)] == [5] * 20
    assert len(journal.path.read_text().splitlines()) == 1
    # Many came at once, so the next bound is farther away: nobody has to come back.
    assert await _bound(journal, 6) >= 6 + 39


async def test_periods_are_kept_apart(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    await journal.obtain([_fact(journal, 7), _fact(journal, 2, period="2027")])
    found = read_journal(journal.path)
    assert found[PLACE[0], PLACE[1], "2026"].given == 6
    assert found[PLACE[0], PLACE[1], "2027"].given == 1


async def test_a_line_that_a_crash_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    await _bound(NumberJournal(path, SystemClock()), 1)
    whole = path.read_bytes()
    path.write_bytes(whole + whole.replace(b'"reserved":5', b'"reserved":99')[:-20])
    assert read_journal(path)[PLACE] == OutsideCount(0, 5)
    await _bound(NumberJournal(path, SystemClock()), 6)
    assert read_journal(path)[PLACE] == OutsideCount(5, 10)


async def test_lines_of_another_format_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    await _bound(NumberJournal(path, SystemClock()), 1)
    path.write_bytes(path.read_bytes().replace(b"numbers 1", b"numbers 2"))
    assert read_journal(path) == {}


async def test_a_journal_that_cannot_be_written_is_unavailable_and_grants_nothing(
    tmp_path: Path,
) -> None:
    journal = NumberJournal(tmp_path / "gone" / "numbers.jsonl", SystemClock())
    with pytest.raises(NumberJournalUnavailable) as caught:
        await _bound(journal, 1)
    assert caught.value.kind is Kind.UNAVAILABLE
    (tmp_path / "gone").mkdir()
    assert await _bound(journal, 1) == 5
    assert read_journal(journal.path)[PLACE] == OutsideCount(0, 5)


async def test_several_processes_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    journals = [NumberJournal(path, SystemClock()) for _ in range(8)]
    await asyncio.gather(
        *(_bound(journal, 10 * number + 1) for number, journal in enumerate(journals))
    )
    assert len(path.read_text().splitlines()) == 8
    assert read_journal(path)[PLACE].given == 70


async def test_many_numbers_are_one_wish(tmp_path: Path) -> None:
    """So a thousand documents are reserved for before any of them is worked on."""
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    wanted = Reservation(TENANT, SERIES, "2026", 40, 41, 500)
    assert wanted.last == 540
    fact = journal.foreseen(wanted, 0)
    [answered] = await journal.obtain([fact])
    assert answered.value == 540 + 54 - 1
    assert read_journal(journal.path)[PLACE] == OutsideCount(40, 593)
    assert fact.key == _fact(journal, 41).key
    others = [_fact(journal, 41).fingerprint, journal.foreseen(wanted, 1).fingerprint]
    assert fact.fingerprint not in others


async def test_what_this_process_has_written_it_knows_and_no_more(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", SystemClock())
    assert journal.granted(SERIES, "2026") == 0
    assert await _bound(journal, 1) == 5
    assert journal.granted(SERIES, "2026") == 5
    assert journal.granted(SERIES, "2027") == 0
    assert journal.granted(UUID(int=3), "2026") == 0
    assert NumberJournal(journal.path, SystemClock()).granted(SERIES, "2026") == 0


async def test_what_could_not_be_written_is_not_granted(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "missing" / "numbers.jsonl", SystemClock())
    with pytest.raises(NumberJournalUnavailable):
        await journal.obtain([journal.foreseen(Reservation(TENANT, SERIES, "2026", 0, 1, 9), 0)])
    assert journal.granted(SERIES, "2026") == 0
