"""What a context is to its host: the one object that `host.py` understands.

Not to be confused with `RequestContext`, which says who asks and for which tenant.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from invx.infra.postgres import Connection, Database
from invx.infra.read_cache import NoReadCache, ReadCache
from invx.infra.storage.places import Places
from invx.infra.tenancy import Directory
from invx.kernel.messages import Contract, Envelope

if TYPE_CHECKING:
    from fastapi import APIRouter

    from invx.infra.http.versions import Change
    from invx.infra.runner import Runner
    from invx.infra.upkeep import Chore

# A reaction takes the contract and the unit of work; a job takes its payload (with "key") likewise.
Reaction = Callable[[Any, Any], Awaitable[Any]]
Job = Callable[[Mapping[str, Any], Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class PersonalStore:
    """A table or store that copies personal values, and what removes a stream's copies from it."""

    name: str
    eraser: str  # how: "re-projected", "deleted with the stream", "retention of n days", …


@dataclass(frozen=True)
class Naming:
    """A table whose rows name stored files, by tenant_id, sha256, size, place and row_sha256."""

    table: str  # with its schema
    held: str = "NULL::bytea"  # the column that may hold the bytes themselves


@dataclass(frozen=True, slots=True)
class Context:
    """One bounded context, built by its wiring."""

    name: str
    database: Database
    directory: Directory
    runner: "Runner[Any]"
    routers: tuple["APIRouter", ...] = ()
    tags: tuple[Mapping[str, Any], ...] = ()  # what its groups of routes are about
    api_changes: tuple["Change", ...] = ()  # what its resources were in older versions of the API
    edge: Any = None  # what the routes find as `app.state.<name>`
    reactions: Mapping[type[Contract], Reaction] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    publishes: tuple[type[Contract], ...] = ()
    # For `republish`: the envelopes of one stream's past, made anew from its events.
    history: Callable[[Any, UUID, UUID], Awaitable[list[Envelope]]] | None = None
    # Before a tenant is sealed: what is derived from its events and is sealed too; how much it was.
    before_seal: Callable[[UUID], Awaitable[int]] | None = None
    # What else of a tenant leaves the house with its seals: the last number of each series.
    last_numbers: Callable[[Connection, UUID], Awaitable[list[dict[str, Any]]]] | None = None
    chores: "tuple[Chore, ...]" = ()  # what it forgets, beside what every context does
    personal: tuple[PersonalStore, ...] = ()
    places: Places | None = None  # where its files lie
    naming: tuple[Naming, ...] = ()
    reads: ReadCache = field(default_factory=NoReadCache)  # is told what reactions change
    close: Callable[[], None] = lambda: None

    @property
    def schema(self) -> str:
        return self.database.schema
