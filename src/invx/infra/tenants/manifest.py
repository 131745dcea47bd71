"""What an archive of a tenant says of itself (`manifest.json`), and whether it fits here."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from invx.kernel.errors import Conflict

FORMAT = "invx tenant 1"
MANIFEST = "manifest.json"


class ArchiveRefused(Conflict):
    """The archive cannot be brought in here; nothing of it is."""


class Contents(msgspec.Struct, frozen=True):
    """A table in the archive: its columns in order, its rows, and the SHA-256 of its lines."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


class ContextContents(msgspec.Struct, frozen=True):
    """What the archive holds of a context. `heads` is as in `tenants.heads`.

    `migrations` are number, name and checksum of each; `files` lie beside, outside the tables.
    """

    migrations: tuple[tuple[int, str, str], ...]
    tables: tuple[Contents, ...]
    heads: Mapping[str, Any]
    files: int


class DirectoryRow(msgspec.Struct, frozen=True):
    """What the directory says of the tenant that goes with it wherever it goes."""

    name: str
    mode: str
    epoch: int
    clock_offset_seconds: float
    quota_class: str
    tokens_not_before: datetime | None

    @property
    def clock_offset(self) -> timedelta:
        return timedelta(seconds=self.clock_offset_seconds)


class Manifest(msgspec.Struct, frozen=True):
    """The last member of the archive: where it is missing, the writing was broken off."""

    format: str
    version: str
    made_at: datetime
    tenant: UUID
    directory: DirectoryRow
    contexts: Mapping[str, ContextContents]

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(each.rows for held in self.contexts.values() for each in held.tables)

    @property
    def files(self) -> int:
        """Those outside the tables."""
        return sum(held.files for held in self.contexts.values())


def read_manifest(text: bytes) -> Manifest:
    """Raises ArchiveRefused."""
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as wrong:
        raise ArchiveRefused(f"{MANIFEST} is not that of an archive of a tenant: {wrong}") from None
    if manifest.format != FORMAT:
        raise ArchiveRefused(f"The archive is of the format {manifest.format!r}, not {FORMAT!r}.")
    return manifest


async def directory_row(conn: Any, schema: str, tenant_id: UUID) -> DirectoryRow | None:
    """What one context's directory says of a tenant."""
    row = await conn.fetchrow(
        "SELECT name, mode, epoch, extract(epoch FROM clock_offset)::float8"
        " AS clock_offset_seconds, quota_class, tokens_not_before"
        f" FROM {schema}.tenants WHERE tenant_id = $1",
        tenant_id,
    )
    return DirectoryRow(**dict(row)) if row else None


async def migrations_of(conn: Any, schema: str) -> tuple[tuple[int, str, str], ...]:
    """What was applied to a schema: number, name and checksum, in order."""
    rows = await conn.fetch(f"SELECT number, name, checksum FROM {schema}.migrations ORDER BY 1")
    return tuple((row[0], row[1], row[2]) for row in rows)


async def ensure_fits(conn: Any, manifest: Manifest, schemas: Sequence[str]) -> None:
    """The contexts and the versions of their tables are the same here. Raises ArchiveRefused."""
    if set(manifest.contexts) != set(schemas):
        held, here = ", ".join(sorted(manifest.contexts)), ", ".join(sorted(schemas))
        raise ArchiveRefused(f"The archive holds the contexts {held}; here are {here}.")
    for schema in schemas:
        theirs, ours = manifest.contexts[schema].migrations, await migrations_of(conn, schema)
        if theirs == ours:
            continue
        differing = set(theirs) ^ set(ours)
        names = ", ".join(sorted({name for _, name, _ in differing}))
        raise ArchiveRefused(
            f"The tables of {schema} are of another version (the archive was made by Invx"
            f" {manifest.version}); these migrations differ: {names}. Bring both to the same one."
        )
