"""Every kind that the program writes is one that the database takes, after all migrations.

Two migrations that list the kinds of one column overwrite each other: the later one wins, and what
only the earlier one knew is refused on the first day somebody needs it.
"""

import re
from enum import StrEnum

import pytest

from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Status
from invx.contexts.invoicing.domain.recognition.recognition_events import RecognitionKind
from invx.contexts.invoicing.domain.recognition.terms import Method
from tests.world import Desk

_CHECKS = """
SELECT pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'c' AND c.conrelid = ('invoicing.' || $1)::regclass AND a.attname = $2
    AND cardinality(c.conkey) = 1
"""
COLUMNS: dict[tuple[str, str], tuple[type[StrEnum], set[str]]] = {
    ("bookings", "kind"): (BookingKind, set()),
    ("settlement_entries", "kind"): (EntryKind, set()),
    ("settlements", "status"): (SettlementStatus, set()),
    ("documents", "type"): (DocumentType, set()),
    # A deleted draft leaves the lists.
    ("documents", "status"): (Status, {Status.DELETED}),
    ("recognition_entries", "kind"): (RecognitionKind, set()),
    # What is earned on issue has no line there.
    ("recognition_lines", "method"): (Method, {Method.ON_ISSUE}),
}


@pytest.fixture
async def listed(desk: Desk) -> dict[tuple[str, str], list[set[str]]]:
    """The values that the checks of each column allow."""
    found = {}
    async with desk.world.admin() as conn:
        for column in COLUMNS:
            rows = await conn.fetch(_CHECKS, *column)
            quoted = [set(re.findall(r"'([a-z_]+)'", row[0])) for row in rows]
            found[column] = [each for each in quoted if each]
    return found


async def test_each_kind_of_the_program_is_one_of_the_database(
    listed: dict[tuple[str, str], list[set[str]]],
) -> None:
    missing = {
        ".".join(column): sorted(kinds - allowed)
        for column, (enum, elsewhere) in COLUMNS.items()
        for kinds in [{str(each) for each in enum} - {str(each) for each in elsewhere}]
        for allowed in listed[column]
        if kinds - allowed
    }
    assert missing == {}
    assert all(listed.values()), "a column without a check is none of this test"
