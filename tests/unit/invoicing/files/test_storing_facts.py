"""Files as facts: what is put, read and deleted between transactions, in storages in memory.

What must be where afterwards follows from ADR 0019: put before, delete after, hash what is read.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.storing import (
    PORT,
    StorageUser,
    _Content,
    _Forgotten,
    _Given,
    _Kept,
)
from invx.contexts.invoicing.app.asked import Archived
from invx.infra.facts import Answered, FactProvider
from invx.infra.storage.checked import path_of
from invx.infra.storage.places import Places
from invx.kernel import limits
from invx.kernel.errors import Unavailable
from invx.kernel.ports import Fact
from invx.kernel.storage import FileDamaged, FileMissing, StorageNotSetUp, Stored
from tests.storages import MemoryStorage

TENANT, OTHER = UUID(int=1), UUID(int=2)
YOUNG = timedelta(seconds=limits.STORED_UNNAMED_SECONDS)


class At:
    """A clock that stands."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Rows(MemoryStorage):
    place = "database"


class Maker:
    """Makes bytes of the fingerprint of each fact, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        self.asked.append([fact.key for fact in facts])
        return [Answered(each, made(each), "the maker") for each in reversed(facts)]


class Broken:
    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        raise Unavailable(f"{len(facts)} are not made")


def made(fact: Fact) -> bytes:
    return f"made of {fact.fingerprint}".encode()


def wanted(key: str, port: str = "pdf") -> Fact:
    return Fact(port, key, f"print of {key}")


def kept(fact: Fact) -> Fact:
    return Fact(PORT, f"kept:{fact.key}", fact.fingerprint, _Kept(TENANT, fact))


def upload(content: bytes, tenant: UUID = TENANT) -> Fact:
    return Fact(PORT, "given", hashlib.sha256(content).hexdigest(), _Given(tenant, content))


def reading(stored: Stored, held: bytes | None = None) -> Fact:
    archived = Archived("application/pdf", stored, held)
    return Fact(PORT, f"read:{stored.sha256}", stored.place, _Content(TENANT, archived))


def forgetting(*files: Stored, tenant: UUID = TENANT) -> Fact:
    return Fact(PORT, "forgotten", "now", _Forgotten(tenant, files))


class Bench:
    def __init__(self) -> None:
        self.main, self.rows = MemoryStorage(), Rows()
        self.pdf, self.xml = Maker(), Maker()
        self.clock = At(datetime.now(UTC))
        makers: dict[str, FactProvider] = {"pdf": self.pdf, "xml": self.xml, "broken": Broken()}
        self.user = StorageUser(Places([self.main, self.rows]), makers, self.clock)

    async def one(self, fact: Fact) -> Answered:
        [answer] = await self.user.obtain([fact])
        return answer


async def test_what_is_made_is_in_the_storage_before_anybody_names_it() -> None:
    bench = Bench()
    facts = [kept(wanted("a")), kept(wanted("b", "xml")), kept(wanted("c"))]
    answers = await bench.user.obtain(facts)
    assert [each.fact for each in answers] == facts
    for fact, answer in zip(facts, answers, strict=True):
        content = made(fact.question.made)
        sha256 = hashlib.sha256(content).hexdigest()
        assert answer.value == Stored(sha256, len(content), "memory")
        assert await bench.main.get(TENANT, sha256) == content
        assert answer.source == "the maker"
    assert bench.pdf.asked == [["a", "c"]]  # all at once
    assert bench.xml.asked == [["b"]]
    assert bench.rows.held == {}


async def test_when_one_cannot_be_made_nothing_is_put() -> None:
    bench = Bench()
    with pytest.raises(Unavailable):
        await bench.user.obtain([kept(wanted("a")), kept(wanted("b", "broken"))])
    assert bench.main.held == {}


@given(st.lists(st.sampled_from([b"", b"a", b"b", b"cc"]), max_size=6))
async def test_uploads_are_kept_once_each_and_answered_in_order(contents: list[bytes]) -> None:
    bench = Bench()
    answers = await bench.user.obtain([upload(each) for each in contents])
    assert [each.value.size for each in answers] == [len(each) for each in contents]
    assert [each.value.sha256 for each in answers] == [
        hashlib.sha256(each).hexdigest() for each in contents
    ]
    assert len(bench.main.held) == len(set(contents))


async def test_the_same_bytes_of_two_tenants_are_two_files() -> None:
    bench = Bench()
    one = (await bench.one(upload(b"same"))).value
    await bench.one(upload(b"same", OTHER))
    assert sorted(bench.main.held) == [path_of(each, one.sha256) for each in (TENANT, OTHER)]
    bench.clock.moment += 2 * YOUNG
    await bench.one(forgetting(one))
    assert list(bench.main.held) == [path_of(OTHER, one.sha256)]


async def test_bytes_are_read_where_their_row_says_and_evidence_is_not_the_bytes() -> None:
    bench = Bench()
    new = await bench.main.put(TENANT, b"new")
    old = await bench.rows.put(TENANT, b"old")
    answers = await bench.user.obtain([reading(old), reading(new), reading(old)])
    assert [each.value for each in answers] == [b"old", b"new", b"old"]
    assert [each.source for each in answers] == ["database", "memory", "database"]
    assert [each.evidence for each in answers] == [old, new, old]


async def test_bytes_that_came_along_are_not_fetched_but_hashed() -> None:
    bench = Bench()
    stored = Stored(hashlib.sha256(b"held").hexdigest(), 4, "row")
    assert (await bench.one(reading(stored, b"held"))).value == b"held"
    with pytest.raises(FileDamaged):
        await bench.one(reading(stored, b"hold"))
    with pytest.raises(StorageNotSetUp):
        await bench.one(reading(stored))


async def test_a_file_that_is_missing_is_an_error_of_the_whole_request() -> None:
    bench = Bench()
    there = await bench.main.put(TENANT, b"there")
    gone = Stored(hashlib.sha256(b"gone").hexdigest(), 4, "memory")
    with pytest.raises(FileMissing, match=gone.sha256):
        await bench.user.obtain([reading(there), reading(gone)])


@pytest.mark.parametrize(
    ("age", "goes"),
    [
        (timedelta(0), False),
        (YOUNG - timedelta(seconds=30), False),
        (YOUNG + timedelta(seconds=30), True),
        (timedelta(days=400), True),
    ],
)
async def test_outside_the_database_only_what_nobody_put_for_an_hour_goes(
    age: timedelta, goes: bool
) -> None:
    bench = Bench()
    stored = await bench.main.put(TENANT, b"unnamed")
    bench.clock.moment = datetime.now(UTC) + age
    answer = await bench.one(forgetting(stored))
    assert answer.value == ([] if goes else [stored])
    assert await bench.main.exists(TENANT, stored.sha256) is not goes


async def test_rows_go_at_once_since_a_foreign_key_keeps_what_is_named() -> None:
    bench = Bench()
    stored = await bench.rows.put(TENANT, b"unnamed")
    assert (await bench.one(forgetting(stored))).value == []
    assert bench.rows.held == {}


async def test_what_is_gone_already_is_not_young() -> None:
    bench = Bench()
    files = [
        Stored(hashlib.sha256(b"gone").hexdigest(), 4, each) for each in ("memory", "database")
    ]
    assert (await bench.one(forgetting(*files))).value == []


async def test_of_many_only_the_young_are_answered_to_be_looked_at_again() -> None:
    bench = Bench()
    old = [await bench.main.put(TENANT, b"%d" % n) for n in range(3)]
    for path, (content, put_at) in bench.main.held.items():
        bench.main.held[path] = (content, put_at - 2 * YOUNG)
    young = [await bench.main.put(TENANT, b"young %d" % n) for n in range(2)]
    answer = await bench.one(forgetting(old[0], young[1], old[1], young[0], old[2]))
    assert answer.value == [young[1], young[0]]
    assert len(bench.main.held) == 2
