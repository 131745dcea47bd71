"""The storage as facts: bytes are put, read and deleted between transactions, never inside (E2)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from invx.contexts.invoicing.app.asked import Archived
from invx.infra.context import Naming
from invx.infra.facts import Answered, FactProvider, obtain
from invx.infra.storage.places import DATABASE, Places
from invx.infra.storage.sweeping import named_among
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel import limits
from invx.kernel.ports import Clock, Fact, Needs
from invx.kernel.storage import Stored

PORT = "storage"
NAMING = (Naming("invoicing.archives", held="bytes"), Naming("invoicing.file_contents"))


@dataclass(frozen=True, slots=True)
class _Kept:
    tenant_id: UUID
    made: Fact


@dataclass(frozen=True, slots=True)
class _Given:
    tenant_id: UUID
    content: bytes


@dataclass(frozen=True, slots=True)
class _Content:
    tenant_id: UUID
    archived: Archived


@dataclass(frozen=True, slots=True)
class _Forgotten:
    tenant_id: UUID
    files: Sequence[Stored]


class StoringFacts:
    """Names the facts; see `app.ports.Storing`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit
        self._tenant_id = unit.ctx.tenant_id

    def kept(self, fact: Fact) -> Fact:
        """The fact that the bytes which `fact` answers are in the storage."""
        print_ = _print("kept", fact.port, fact.fingerprint)
        return Fact(PORT, f"kept:{fact.key}", print_, _Kept(self._tenant_id, fact))

    def given(self, content: bytes, sha256: str) -> Fact:
        """The fact that these bytes, whose hash this is, are in the storage."""
        question = _Given(self._tenant_id, content)
        return Fact(PORT, f"given:{sha256}", _print("given", sha256), question)

    def content(self, archived: Archived) -> Fact:
        """The fact whose answer is the bytes."""
        stored = archived.stored
        print_ = _print("content", stored.place, stored.sha256)
        return Fact(PORT, f"read:{stored.sha256}", print_, _Content(self._tenant_id, archived))

    async def unnamed(self, files: Sequence[Stored]) -> Sequence[Stored]:
        """Those of these files that no row names any more."""
        unit = self._unit
        found = []
        for place in {each.place for each in files}:
            there = [each for each in files if each.place == place]
            hashes = [each.sha256 for each in there]
            named = await named_among(unit.conn, NAMING, self._tenant_id, place, hashes)
            found += [each for each in there if each.sha256 not in named]
        return sorted(found, key=lambda each: (each.place, each.sha256))

    def forgotten(self, files: Sequence[Stored], attempt: int) -> Fact:
        """The fact that these are deleted."""
        names = sorted(f"{each.place}/{each.sha256}" for each in files)
        key = _print(*names)
        question = _Forgotten(self._tenant_id, tuple(files))
        return Fact(PORT, f"forgotten:{key}", _print(key, str(attempt)), question)


def _print(*said: str) -> str:
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


class StorageUser:
    """Provides the facts. `makers` answer the facts whose bytes are to be kept."""

    def __init__(self, places: Places, makers: Mapping[str, FactProvider], clock: Clock) -> None:
        self._places = places
        self._makers = makers
        self._clock = clock

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One answer per fact; what is kept as evidence is where the bytes are."""
        making = [fact.question.made for fact in facts if isinstance(fact.question, _Kept)]
        made = await obtain(self._makers, Needs(making)) if making else []
        bytes_of = {_name(each.fact): each for each in made}
        answers = []
        for fact in facts:
            match fact.question:
                case _Kept(tenant_id, wanted):
                    file = bytes_of.pop(_name(wanted))
                    stored = await self._places.main.put(tenant_id, file.value)
                    answers.append(Answered(fact, stored, file.source))
                case _Given(tenant_id, content):
                    stored = await self._places.main.put(tenant_id, content)
                    answers.append(Answered(fact, stored, "upload"))
                case _Content(tenant_id, archived):
                    held = await self._places.content(tenant_id, archived.stored, archived.held)
                    answers.append(Answered(fact, held, archived.stored.place, archived.stored))
                case _Forgotten(tenant_id, files):
                    young = [each for each in files if not await self._deleted(tenant_id, each)]
                    answers.append(Answered(fact, young, PORT))
        return answers

    async def _deleted(self, tenant_id: UUID, file: Stored) -> bool:
        """Rows are kept by whoever names them; elsewhere only age says that nobody is about to."""
        now = self._clock.now()
        age = timedelta(seconds=limits.STORED_UNNAMED_SECONDS)
        before = now + age if file.place == DATABASE else now - age
        return await self._places.at(file.place).delete(tenant_id, file.sha256, before=before)


def _name(fact: Fact) -> tuple[str, str, str]:
    return fact.port, fact.key, fact.fingerprint
