"""The checks object to what they are there for; a check that never fails proves nothing."""

from datetime import date
from pathlib import Path
from uuid import UUID

from invx.kernel.ids import typeid
from tests.crash.campaign import plan
from tests.crash.checks import numbering_faults
from tests.crash.installation import KINDS
from tests.crash.journal import Journal, Operation


def _number(number: int, day: int = 1, *, of: int = 0) -> dict[str, object]:
    return {
        "series_id": 1,
        "period": "2026",
        "number": number,
        "text": f"2026-{number}",
        "document_id": UUID(int=of or number),
        "on_date": date(2026, 1, day),
    }


def _document(number: int) -> dict[str, object]:
    return {"document_id": UUID(int=number), "number": f"2026-{number}"}


def test_contiguous_numbers_have_no_fault() -> None:
    numbers, documents = [_number(1), _number(2, 2)], [_document(1), _document(2)]
    assert list(numbering_faults(numbers, documents)) == []


def test_gaps_doubles_and_decreasing_dates_are_named() -> None:
    documents = [_document(1), _document(2), _document(3)]
    gap = list(numbering_faults([_number(1), _number(3)], documents))
    assert "a gap before 2026-3" in gap
    late = list(numbering_faults([_number(1, 2), _number(2, 1)], documents[:2]))
    assert late == ["2026-2 is dated before 2026-1"]
    other = list(numbering_faults([_number(1), _number(2, of=3)], documents[:2]))
    assert other == ["2026-2 was drawn for None"]


def test_the_journal_survives_a_half_written_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    first = Operation("k-1", "draft", "/v1/invoices", {})
    journal.intend(first)
    journal.intend(Operation("k-2", "draft", "/v1/invoices", {}))
    journal.answered(first, 201, {"id": typeid("inv", UUID(int=1))})
    journal.close()
    with path.open("a") as file:
        file.write('{"key": "k-3", "ki')
    again = Journal(path)
    assert [each.key for each in again.of("draft")] == ["k-1"]
    assert [each.key for each in again.open] == ["k-2"]
    again.close()


def test_a_seed_fixes_the_plan_and_four_rounds_have_every_kind() -> None:
    kills = [plan(3, number) for number in range(8)]
    assert kills == [plan(3, number) for number in range(8)]
    assert {kill.kind for kill in kills[:4]} == {kill.kind for kill in kills[4:]} == set(KINDS)
    assert kills != [plan(4, number) for number in range(8)]
