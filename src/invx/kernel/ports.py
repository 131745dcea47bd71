"""The ports that every context shares. Each context declares its own in `app/ports.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from invx.kernel.aggregate import Aggregate
from invx.kernel.context import RequestContext

A = TypeVar("A", bound=Aggregate)


class Clock(Protocol):
    """System time: leases, retries, tokens, `recorded_at`. Business time is `ctx.now` (T5)."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    """New time-ordered ids (UUIDv7)."""

    def new(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class SealStatement:
    """What leaves the house of a seal. `tenant` is a pseudonym; `root` proves all seals before.

    `numbers` holds the last number of each series and period, so that what is issued again after a
    restore can be told from what was issued before it (D2).
    """

    context: str
    tenant: str
    seal: int
    root: str
    leaves: int
    sealed_at: str
    numbers: Sequence[Mapping[str, Any]] = ()


class SealAnchor(Protocol):
    """A place outside the database that keeps what it was told, so that nobody rewrites it (D3)."""

    @property
    def name(self) -> str:
        """Under which its receipts are stored; another name is another anchor."""
        ...

    async def keep(
        self, statements: Sequence[SealStatement], *, known: int
    ) -> list[Mapping[str, Any]]:
        """Keep the seals of one tenant, in order; a receipt for each. Again keeps them once.

        `known` is the last seal of which there is a receipt. Raises AnchorMismatch when the anchor
        lacks that one, or holds another seal under one of these numbers.
        """
        ...


class Repository(Protocol[A]):
    """Aggregates of one kind. Whatever it hands out is written when the unit of work is flushed."""

    async def get(self, id: UUID) -> A:
        """The aggregate. Raises NotFound."""
        ...

    async def find(self, id: UUID) -> A | None:
        """The aggregate, or None."""
        ...

    async def get_locked(self, id: UUID) -> A:
        """Like `get`, and no other transaction changes it before this one ends. Raises NotFound."""
        ...

    def add(self, aggregate: A) -> None:
        """Take a new aggregate into the unit of work."""
        ...


class ManyRepository(Repository[A], Protocol[A]):
    """A repository that also gives many at once."""

    async def find_all(self, ids: Iterable[UUID]) -> dict[UUID, A]:
        """Those of `ids` that exist, in one round trip."""
        ...


@dataclass(frozen=True, slots=True)
class Fact:
    """Something only the outside knows, named so exactly that the answer can be used later.

    `port` says whom to ask, `key` about what; `fingerprint` is a hash of the whole question, so an
    answer to an older question is never used.
    """

    port: str
    key: str
    fingerprint: str
    question: Any = None  # what the provider needs to answer; not stored


class Needs(Exception):
    """A handler lacks facts. The runner rolls back, obtains them, and runs the handler again."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        super().__init__(", ".join(f"{fact.port}:{fact.key}" for fact in facts))
        self.facts = tuple(facts)


class Facts(Protocol):
    """The facts that a unit of work holds."""

    async def need(self, *facts: Fact) -> list[Any]:
        """The answers in order. Raises Needs for those not yet known."""
        ...


class Jobs(Protocol):
    """Work that becomes due at a moment of business time, once per (kind, key)."""

    def schedule(
        self, kind: str, key: str, *, due_at: datetime, payload: dict[str, Any] | None = None
    ) -> None:
        """Remember the job with this transaction; the same kind and key moves the old one."""
        ...


class UnitOfWork(Protocol):
    """What every handler is given, besides its context's repositories and ports."""

    @property
    def ctx(self) -> RequestContext: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def jobs(self) -> Jobs: ...

    def behind_others(self) -> None:
        """This is bulk work: its contracts and jobs go behind everybody's interactive ones (E3)."""
        ...

    def start_over(self) -> None:
        """Forget all that was loaded and recorded; nothing of it is written. Locks stay."""
        ...
