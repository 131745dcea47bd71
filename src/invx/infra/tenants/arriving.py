"""Brings a tenant in from an archive: nobody sees it before all of it is there and proved.

The tenant is entered as `arriving`, which lets nobody read or write; rows come in piece by piece;
then everything is proved, and one transaction makes it active. A process that dies before leaves a
tenant that is still arriving: bringing it in again, or erasing it, begins with an empty table.
"""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import IO, Any
from uuid import UUID

import asyncpg

from invx.infra.holdings import Holdings
from invx.infra.storage.places import DATABASE
from invx.infra.tenants.leaving import outside_files
from invx.infra.tenants.loading import copy_in
from invx.infra.tenants.manifest import (
    MANIFEST,
    ArchiveRefused,
    ContextContents,
    Manifest,
    ensure_fits,
    read_manifest,
)
from invx.infra.tenants.proving import first_fault
from invx.infra.tenants.states import enter_arriving, release_claims, statuses, turn
from invx.infra.tenants.tables import Progress, TenantTable, alone, prepare, purge, tenant_tables
from invx.kernel.storage import EVER, Storage

_PIECE_BYTES = 1_000_000
# What zipfile raises for a file that is damaged or packed by a method it does not know (APPNOTE).
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(KeyError, ValueError, RuntimeError, OSError),
)


class Archive:
    """An archive that is open for reading."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._packed = zipfile.ZipFile(file)
            self.manifest = read_manifest(self._packed.read(MANIFEST))
        except _UNREADABLE as error:
            raise ArchiveRefused(f"It is no whole archive of a tenant: {error}") from None

    async def pieces(self, name: str, digest: Any = None) -> AsyncIterator[bytes]:
        """The bytes of a member. Raises ArchiveRefused."""
        try:
            with self._packed.open(name) as member:
                while piece := member.read(_PIECE_BYTES):
                    if digest is not None:
                        digest.update(piece)
                    yield piece
        except _UNREADABLE as error:
            raise ArchiveRefused(f"{name} cannot be read: {error}") from None


async def ensure_can_arrive(
    conn: Any, contexts: Mapping[str, Holdings], manifest: Manifest
) -> None:
    """It fits, and no such tenant lives here. Raises ArchiveRefused."""
    await ensure_fits(conn, manifest, list(contexts))
    here = await statuses(conn, list(contexts), manifest.tenant)
    if in_use := sorted(each for each in here if each not in (None, "erased", "arriving")):
        raise ArchiveRefused(f"The tenant is here already ({', '.join(in_use)}).")


async def import_tenant(
    conn: Any,
    contexts: Mapping[str, Holdings],
    main: Storage | None,
    archive: Archive,
    *,
    progress: Progress = lambda _, __: None,
) -> None:
    """Bring in the tenant of an archive and make it active; nothing stays when it is refused.

    `main` takes its files; None means rows. `conn` is the owner's, in no transaction, and not good
    for anything else afterwards. Raises ArchiveRefused, TenantCarried, OwnerTooWeak.
    """
    manifest, schemas = archive.manifest, list(contexts)
    await prepare(conn)
    async with alone(manifest.tenant, conn):
        await ensure_can_arrive(conn, contexts, manifest)
        before = await statuses(conn, schemas, manifest.tenant)
        if before == {None}:
            await _ensure_nobody_keeps_files(main, manifest.tenant)
        async with conn.transaction():
            await enter_arriving(conn, schemas, manifest.tenant, manifest.directory)
        arriving = _Arriving(conn, contexts, main, archive, progress)
        try:
            await arriving.bring_in()
        except (ArchiveRefused, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as no:
            await arriving.undo(used="erased" in before)
            if isinstance(no, ArchiveRefused):
                raise
            raise ArchiveRefused(f"What the archive holds are no rows: {no}") from no
        await turn(conn, schemas, manifest.tenant, ["arriving"], "active")


async def _ensure_nobody_keeps_files(main: Storage | None, tenant_id: UUID) -> None:
    """A tenant that was never here has no files here, unless the storage is another's too.

    Whoever erased it in one installation would delete its files for both. Raises ArchiveRefused.
    """
    if main is None:
        return
    async for _ in main.listed(tenant_id):
        raise ArchiveRefused(
            f"The {main.place} of INVX_STORAGE holds files of this tenant, which was never here:"
            " another installation keeps it there. Give this one a folder or a prefix of its own."
        )


class _Arriving:
    """A tenant on its way in."""

    def __init__(
        self,
        conn: Any,
        contexts: Mapping[str, Holdings],
        main: Storage | None,
        archive: Archive,
        progress: Progress,
    ) -> None:
        self._conn = conn
        self._contexts = contexts
        self._main = main
        self._archive = archive
        self._progress = progress
        self._tenant_id: UUID = archive.manifest.tenant

    async def bring_in(self) -> None:
        """Everything, proved. Raises ArchiveRefused and asyncpg errors."""
        for schema, contents in self._archive.manifest.contexts.items():
            tables = await tenant_tables(self._conn, schema)
            await purge(self._conn, tables, self._tenant_id, lambda _, __: None)
            await self._rows(schema, tables, contents)
            await self._files(schema, self._contexts[schema], contents.files)
            for statement in self._contexts[schema].arrived:
                await self._conn.execute(statement, self._tenant_id)
        await release_claims(self._conn, list(self._contexts), self._tenant_id)
        heads = {name: each.heads for name, each in self._archive.manifest.contexts.items()}
        fault = await first_fault(
            self._conn, self._contexts, heads, self._tenant_id, self._progress
        )
        if fault is not None:
            raise ArchiveRefused(f"The tenant in the archive is not whole: {fault}")

    async def undo(self, *, used: bool) -> None:
        """Nothing stays; a tombstone that was there is there again."""
        for schema in self._contexts:
            tables = await tenant_tables(self._conn, schema)
            await purge(self._conn, tables, self._tenant_id, lambda _, __: None)
        if self._main is not None:
            async for each in self._main.listed(self._tenant_id):
                await self._main.delete(self._tenant_id, each.sha256, before=EVER)
        async with self._conn.transaction():
            for schema in self._contexts:
                change = "UPDATE {}.tenants SET status = 'erased', name = '', epoch = epoch + 1"
                statement = change if used else "DELETE FROM {}.tenants"
                await self._conn.execute(
                    f"{statement.format(schema)} WHERE tenant_id = $1", self._tenant_id
                )

    async def _rows(
        self, schema: str, tables: list[TenantTable], contents: ContextContents
    ) -> None:
        held = {each.name: each for each in contents.tables}
        if {each.name: each.columns for each in tables} != {
            name: each.columns for name, each in held.items()
        }:
            raise ArchiveRefused(f"The archive's tables of {schema} are not those that are here.")
        for table in tables:
            name, stated = f"{schema}.{table.name}", held[table.name]
            digest = hashlib.sha256()
            lines = self._archive.pieces(f"{schema}/{table.name}.tsv", digest)

            def said(count: int, name: str = name) -> None:
                self._progress(name, count)

            count = await copy_in(self._conn, table, self._tenant_id, lines, said)
            if (count, digest.hexdigest()) != (stated.rows, stated.sha256):
                raise ArchiveRefused(
                    f"{name} has {count} rows of SHA-256 {digest.hexdigest()}; the manifest says"
                    f" {stated.rows} of {stated.sha256}."
                )

    async def _files(self, schema: str, holdings: Holdings, stated: int) -> None:
        """Put every file where files lie here, then let the rows name it there."""
        count = 0
        async for stored in outside_files(self._conn, holdings, self._tenant_id):
            pieces = self._archive.pieces(f"{schema}/files/{stored.sha256}")
            place = await self._put(schema, pieces, stored.sha256)
            for naming in holdings.naming:
                await self._conn.execute(
                    f"UPDATE {naming.table} SET place = $3, row_sha256 = $4"
                    " WHERE tenant_id = $1 AND sha256 = $2 AND place NOT IN ('database', 'row')",
                    *(self._tenant_id, stored.sha256, place),
                    stored.sha256 if place == DATABASE else None,
                )
            count += 1
            self._progress(f"{schema} files", count)
        if count != stated:
            raise ArchiveRefused(f"{schema} names {count} files; the manifest says {stated}.")

    async def _put(self, schema: str, pieces: AsyncIterator[bytes], sha256: str) -> str:
        if self._main is not None:
            stored = await self._main.put(self._tenant_id, pieces)
            found, place = stored.sha256, stored.place
        else:
            content = b"".join([piece async for piece in pieces])
            found, place = hashlib.sha256(content).hexdigest(), DATABASE
            await self._conn.execute(
                f"INSERT INTO {schema}.stored_files (tenant_id, sha256, size, bytes, put_at)"
                " VALUES ($1, $2, $3, $4, now()) ON CONFLICT (tenant_id, sha256) DO NOTHING",
                *(self._tenant_id, found, len(content), content),
            )
        if found != sha256:
            raise ArchiveRefused(f"{schema}/files/{sha256} has the SHA-256 {found}.")
        return place
