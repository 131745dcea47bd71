"""Writes all of a tenant into an archive: a ZIP file that `arriving` brings in elsewhere.

What each member holds is stated in `readme.txt`, which goes into every archive. Rows are written
from one snapshot of the database; a file outside it never changes, so whatever the snapshot names
is what it was. Memory is that of a piece.
"""

import hashlib
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import IO, Any
from uuid import UUID

import msgspec

from invx.infra.holdings import Holdings
from invx.infra.storage.places import DATABASE, ROW
from invx.infra.tenancy import LOCK_OUT_WRITERS, UnknownTenant
from invx.infra.tenants.heads import heads_of
from invx.infra.tenants.loading import copy_out
from invx.infra.tenants.manifest import (
    FORMAT,
    MANIFEST,
    Contents,
    ContextContents,
    Manifest,
    directory_row,
    migrations_of,
)
from invx.infra.tenants.tables import (
    Conns,
    Progress,
    TenantTable,
    different,
    prepare,
    tenant_tables,
)
from invx.kernel.storage import Stored

_LEVEL = 3  # of compression: half the time of the usual one, for a tenth more bytes
_NAMES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Origin:
    """What writes an archive, and when (system time)."""

    version: str
    now: datetime


async def export_tenant(
    conns: Conns,
    contexts: Mapping[str, Holdings],
    tenant_id: UUID,
    target: IO[bytes],
    origin: Origin,
    *,
    progress: Progress = lambda _, __: None,
) -> Manifest:
    """Write the archive of a tenant; returns its manifest.

    `conns` are the owner's, in no transaction, and not good for anything else afterwards. Writing
    holds up the event loop: it is for a process of its own, such as the command line.
    Raises UnknownTenant, OwnerTooWeak, and what a storage raises about a file.
    """
    first, each_once = next(iter(contexts)), different(conns)
    await prepare(*each_once)
    async with AsyncExitStack() as stack:
        for conn in each_once:
            snapshot = conn.transaction(isolation="repeatable_read", readonly=True)
            await stack.enter_async_context(snapshot)
            await conn.execute("SELECT pg_current_snapshot()")  # taken now, not when first needed
        directory = await directory_row(conns[first], first, tenant_id)
        if directory is None:
            raise UnknownTenant
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
            packed.writestr("README.txt", (files("invx.infra.tenants") / "readme.txt").read_bytes())
            held = {
                name: await _Leaving(conns[name], packed, tenant_id, progress).context(name, each)
                for name, each in contexts.items()
            }
            manifest = Manifest(FORMAT, origin.version, origin.now, tenant_id, directory, held)
            packed.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


async def mark_exported(conns: Conns, tenant_id: UUID, manifest: Manifest) -> bool:
    """Take down that the archive holds all that there is of the tenant; False when it may not.

    It does when the tenant was suspended before the archive was begun, and still is.
    """
    async with AsyncExitStack() as stack:
        for conn in different(conns):
            await stack.enter_async_context(conn.transaction())
            await conn.execute(LOCK_OUT_WRITERS, str(tenant_id))
        said = [
            await conn.fetchrow(
                f"SELECT status, epoch FROM {schema}.tenants WHERE tenant_id = $1", tenant_id
            )
            for schema, conn in conns.items()
        ]
        if said[0]["epoch"] != manifest.directory.epoch:
            return False
        if any(row["status"] != "suspended" for row in said):
            return False
        for schema, conn in conns.items():
            await conn.execute(
                f"UPDATE {schema}.tenants SET exported_at = $2 WHERE tenant_id = $1",
                *(tenant_id, manifest.made_at),
            )
    return True


class _Leaving:
    """A context on its way into the archive."""

    def __init__(
        self, conn: Any, packed: zipfile.ZipFile, tenant_id: UUID, progress: Progress
    ) -> None:
        self._conn = conn
        self._packed = packed
        self._tenant_id = tenant_id
        self._progress = progress

    async def context(self, schema: str, holdings: Holdings) -> ContextContents:
        """All that a context has of the tenant."""
        conn = self._conn
        contents = [await self._table(each) for each in await tenant_tables(conn, schema)]
        return ContextContents(
            migrations=await migrations_of(conn, schema),
            tables=tuple(contents),
            heads=(await heads_of(conn, schema, self._tenant_id)).said(),
            files=await self._files(schema, holdings),
        )

    async def _table(self, table: TenantTable) -> Contents:
        rows, digest = 0, hashlib.sha256()
        name = f"{table.schema}.{table.name}"
        with self._packed.open(f"{table.schema}/{table.name}.tsv", "w", force_zip64=True) as member:

            async def written(lines: bytes) -> None:
                nonlocal rows
                member.write(lines)
                digest.update(lines)
                rows += lines.count(b"\n")
                self._progress(name, rows)

            await copy_out(self._conn, table, self._tenant_id, written)
        return Contents(table.name, table.columns, rows, digest.hexdigest())

    async def _files(self, schema: str, holdings: Holdings) -> int:
        """Those that lie outside the database, each once; what lies in it is in its tables."""
        count = 0
        async for stored in outside_files(self._conn, holdings, self._tenant_id):
            name = f"{schema}/files/{stored.sha256}"
            entry = zipfile.ZipInfo(name)  # without a time; PDFs do not shrink
            with self._packed.open(entry, "w", force_zip64=True) as member:
                storage = holdings.places.at(stored.place)
                async for piece in storage.stream(self._tenant_id, stored.sha256):
                    member.write(piece)
            count += 1
            self._progress(f"{schema} files", count)
        return count


async def outside_files(conn: Any, holdings: Holdings, tenant_id: UUID) -> AsyncIterator[Stored]:
    """Every file that rows name outside the database, each hash once, in their order."""
    if not holdings.naming:
        return
    asked = " UNION ".join(
        f"SELECT sha256, size, place FROM {naming.table} WHERE tenant_id = $1"
        f" AND place NOT IN ('{DATABASE}', '{ROW}') AND sha256 > $2"
        for naming in holdings.naming
    )
    # Paged by hash, not by a cursor: files are read for long between two pages.
    after = ""
    while True:
        rows = await conn.fetch(
            f"SELECT DISTINCT ON (sha256) sha256, size, place FROM ({asked}) AS named"
            f" ORDER BY sha256, place LIMIT {_NAMES_AT_ONCE}",
            *(tenant_id, after),
        )
        for row in rows:
            yield Stored(row["sha256"], row["size"], row["place"])
        if len(rows) < _NAMES_AT_ONCE:
            return
        after = rows[-1]["sha256"]
