"""Writes the sealed archive of a tenant: a ZIP file that `scripts/verify_archive.py` verifies.

What each member holds is stated in `archive_readme.txt`, which goes into every archive. All members
are written from one snapshot of the database, row by row.
"""

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from importlib.resources import files
from typing import IO, Any
from uuid import UUID

from invx.infra.holdings import Holdings

FORMAT = "invx archive 1"
_ROWS_AT_ONCE = 1_000

Progress = Callable[[str, int], None]


async def export_archive(
    conns: Mapping[str, Any],
    contexts: Mapping[str, Holdings],
    tenant_id: UUID,
    target: IO[bytes],
    progress: Progress = lambda _, __: None,
) -> dict[str, int]:
    """Write the archive of a tenant over these contexts; returns how many rows each list has.

    `conns`, by context, are the owner's and in no transaction. Writing holds up the event loop: it
    is for a process of its own, such as the command line.
    """
    async with AsyncExitStack() as stack:
        for conn in dict.fromkeys(conns.values()):
            snapshot = conn.transaction(isolation="repeatable_read", readonly=True)
            await stack.enter_async_context(snapshot)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            archive = _Archive(packed, tenant_id, progress)
            for context, holdings in contexts.items():
                await archive.context(conns[context], context, holdings)
            archive.finish(list(contexts))
    return archive.rows


class _Archive:
    """A ZIP file under way, with the hash of each of its members."""

    def __init__(self, packed: zipfile.ZipFile, tenant_id: UUID, progress: Progress) -> None:
        self._packed = packed
        self._tenant_id = tenant_id
        self._progress = progress
        self._hashes: dict[str, str] = {}
        self.rows: dict[str, int] = {}

    async def context(self, conn: Any, context: str, holdings: Holdings) -> None:
        """All that a context has of the tenant."""
        for member, select in {**_MEMBERS, **holdings.members}.items():
            statement = select.format(schema=context)
            found = conn.cursor(statement, self._tenant_id, prefetch=_ROWS_AT_ONCE)
            await self._lines(f"{context}/{member}.jsonl", found)
        if holdings.files is not None:
            listed = self._files(context, holdings.files(conn, self._tenant_id))
            # Listed in memory: two members cannot be written at once, and names are short.
            rows = [row async for row in listed]
            await self._lines(f"{context}/files.jsonl", _each(rows))

    async def _files(self, context: str, held: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
        async for each in held:
            name = f"{context}/files/{each.name}"
            self._put(name, each.content)
            yield {"name": name, "media_type": each.media_type, "sha256": each.sha256}

    async def _lines(self, name: str, rows: Any) -> None:
        count, digest = 0, hashlib.sha256()
        with self._packed.open(name, "w", force_zip64=True) as member:
            async for row in rows:
                said = {column: _plain(value) for column, value in row.items()}
                text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
                member.write(line := text.encode() + b"\n")
                digest.update(line)
                count += 1
                if count % _ROWS_AT_ONCE == 0:
                    self._progress(name, count)
        self._hashes[name], self.rows[name] = digest.hexdigest(), count
        self._progress(name, count)

    def _put(self, name: str, content: bytes) -> None:
        self._packed.writestr(name, content, zipfile.ZIP_DEFLATED)
        self._hashes[name] = hashlib.sha256(content).hexdigest()

    def finish(self, contexts: list[str]) -> None:
        """What the archive says of itself."""
        self._put("README.txt", (files("invx.infra") / "archive_readme.txt").read_bytes())
        manifest = {
            "format": FORMAT,
            "tenant": str(self._tenant_id),
            "contexts": contexts,
            "rows": self.rows,
            "sha256": self._hashes,
        }
        self._packed.writestr("manifest.json", json.dumps(manifest, indent=1, sort_keys=True))


async def _each(rows: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for row in rows:
        yield row


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value if value is None or isinstance(value, int) else str(value)


# What every context has. Bodies and personal values are text, whose every byte counts.
_MEMBERS = {
    "streams": "SELECT stream_id, kind, version, head_hash, sealed_version FROM {schema}.streams"
    " WHERE tenant_id = $1 ORDER BY stream_id",
    "events": "SELECT stream_id, version, event_id, type, schema_version, occurred_at,"
    " recorded_at, actor, correlation_id, causation_id, body::text AS body, hash"
    " FROM {schema}.events WHERE tenant_id = $1 ORDER BY stream_id, version",
    "personal": "SELECT stream_id, version, field, subject_id, salt, value::text AS value"
    " FROM {schema}.personal WHERE tenant_id = $1 ORDER BY stream_id, version, field::int",
    "seals": "SELECT number, previous, root, leaves, sealed_at FROM {schema}.seals"
    " WHERE tenant_id = $1 ORDER BY number",
    "leaves": "SELECT number, stream_id, version, head_hash FROM {schema}.seal_leaves"
    " WHERE tenant_id = $1 ORDER BY number, stream_id",
    "anchors": "SELECT number, anchor, receipt::text AS receipt, anchored_at"
    " FROM {schema}.seal_anchors WHERE tenant_id = $1 ORDER BY number, anchor",
}
