"""What a context holds beside events and seals that an audit looks at and an archive contains."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from invx.infra.context import Naming
from invx.infra.storage.places import Places


@dataclass(frozen=True, slots=True)
class FileOfTenant:
    """An archived file, under a name that is unique in its context."""

    name: str
    media_type: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Retained:
    """Documents that the law keeps: how many, of which year, to the end of which, by which law."""

    count: int
    year: int
    until_year: int
    source: str | None


# Given a connection and a tenant: how many things there are, and the first that is wrong.
Examination = Callable[[Any, UUID], Awaitable[tuple[int, str | None]]]
Files = Callable[[Any, UUID], AsyncIterator[FileOfTenant]]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Of one context. `members` holds queries in order (their $1 is the tenant) by name.

    `moves` says whether its rows go with a tenant into another database: what is asked over all
    tenants, such as who may sign in, stays. `naming` are the tables whose rows name files, `places`
    the storages outside the database. The statements of `arrived` ($1 is the tenant) are for rows
    that came in from an archive, those of `moved` ($2 is what `own` said in the old database) for
    rows that were moved here. `held` counts the legal holds that stand ($1 is the tenant).
    """

    examinations: Mapping[str, Examination] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    files: Files | None = None
    naming: tuple[Naming, ...] = ()
    places: Places = field(default_factory=Places)
    arrived: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    own: str | None = None
    retained: Callable[[Any, UUID], Awaitable[list[Retained]]] | None = None
    held: str | None = None
    moves: bool = True
