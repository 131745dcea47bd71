"""Takes the files of a tenant to another storage, each verified on the way.

A file is put there before its rows say so, and only then, so whoever reads meanwhile finds it. What
is left behind nothing names any more, and it is swept. It may be ended and begun again anywhere.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from invx.infra.context import Context, Naming
from invx.infra.storage.places import DATABASE, Places
from invx.infra.tenancy import inside
from invx.kernel.errors import violated
from invx.kernel.storage import FileDamaged, FileMissing, Storage, Stored


@dataclass(slots=True)
class Moved:
    """What became of the files."""

    files: int = 0
    size: int = 0
    refused: list[str] = field(default_factory=list)  # why each that stayed did


class Moving:
    """Moves the files of one context."""

    def __init__(self, context: Context, target: Storage) -> None:
        self._context = context
        self._target = target

    @property
    def _places(self) -> Places:
        return self._context.places or violated("this context has no files")

    async def count(self, tenant_id: UUID) -> int:
        """How many files of a tenant lie elsewhere."""
        count = 0
        async with self._inside(tenant_id, write=False) as conn:
            for naming in self._context.naming:
                count += await conn.fetchval(
                    f"SELECT count(DISTINCT (sha256, place)) FROM {naming.table}"
                    " WHERE tenant_id = $1 AND place <> $2",
                    *(tenant_id, self._target.place),
                )
        return count

    async def move(self, tenant_id: UUID) -> AsyncIterator[Moved]:
        """Move one file after the other; says after each what was done so far.

        A file that is damaged or missing stays what it is, and is named.
        """
        done = Moved()
        for naming in self._context.naming:
            after = ("", "")
            while (row := await self._next(tenant_id, naming, after)) is not None:
                sha256, size, place, held = row
                after = (sha256, place)
                stored = Stored(sha256, size, place)
                try:
                    content = await self._places.content(tenant_id, stored, held)
                    put = await self._target.put(tenant_id, content)
                except (FileDamaged, FileMissing) as wrong:
                    done.refused.append(wrong.detail)
                else:
                    await self._name(tenant_id, naming, stored, put)
                    done.files, done.size = done.files + 1, done.size + put.size
                yield done

    async def _next(self, tenant_id: UUID, naming: Naming, after: tuple[str, str]) -> Any:
        async with self._inside(tenant_id, write=False) as conn:
            return await conn.fetchrow(
                f"SELECT sha256, coalesce(size, length({naming.held})), place, {naming.held}"
                f" FROM {naming.table} WHERE tenant_id = $1 AND place <> $2"
                " AND (sha256, place) > ($3, $4) ORDER BY sha256, place LIMIT 1",
                *(tenant_id, self._target.place, *after),
            )

    async def _name(self, tenant_id: UUID, naming: Naming, old: Stored, new: Stored) -> None:
        emptied = "" if naming.held == Naming.held else f", {naming.held} = NULL"
        async with self._inside(tenant_id, write=True) as conn:
            await conn.execute(
                f"UPDATE {naming.table} SET place = $4, size = $5, row_sha256 = $6{emptied}"
                " WHERE tenant_id = $1 AND sha256 = $2 AND place = $3",
                *(tenant_id, old.sha256, old.place, new.place, new.size),
                new.sha256 if new.place == DATABASE else None,
            )

    def _inside(self, tenant_id: UUID, *, write: bool) -> Any:
        return inside(self._context.database, self._context.directory, tenant_id, write=write)
