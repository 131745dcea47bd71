"""Uploaded files and documents that wait to be imported, as rows that go when they are used."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import msgspec

from invx.contexts.invoicing.app.ports_of_imports import KnownNumber
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.importing.item import ImportItem
from invx.infra.unit_of_work import EventUnitOfWork

_AT_ONCE = 1_000
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(ImportItem).decode


class PostgresImporting:
    """See `app.ports_of_imports.Importing`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit
        self._tenant_id = unit.ctx.tenant_id

    def keep_file(self, import_id: UUID, content: bytes) -> None:
        """With this transaction."""
        self._unit.write_set.insert(
            "import_files",
            {
                "tenant_id": self._tenant_id,
                "import_id": import_id,
                "bytes": content,
                "uploaded_at": self._unit.system_now(),
            },
        )

    async def keep_items(self, import_id: UUID, items: Sequence[tuple[UUID, ImportItem]]) -> None:
        """By the thousand; the file goes."""
        for at in range(0, len(items), _AT_ONCE):
            some = items[at : at + _AT_ONCE]
            await self._unit.conn.execute(
                "INSERT INTO invoicing.import_items"
                " (tenant_id, import_id, document_id, customer, item)"
                " SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[], $5::json[])",
                self._tenant_id,
                import_id,
                [id for id, _ in some],
                [item.buyer.customer for _, item in some],
                [_encode(item).decode() for _, item in some],
            )
        await self._unit.conn.execute(
            "DELETE FROM invoicing.import_files WHERE tenant_id = $1 AND import_id = $2",
            self._tenant_id,
            import_id,
        )

    async def items(self, document_ids: Collection[UUID]) -> dict[UUID, ImportItem]:
        """Those that wait."""
        rows = await self._unit.conn.fetch(
            "SELECT document_id, item::text AS item FROM invoicing.import_items"
            " WHERE tenant_id = $1 AND document_id = ANY($2::uuid[])",
            self._tenant_id,
            list(document_ids),
        )
        return {row["document_id"]: _decode(row["item"]) for row in rows}

    async def drop_items(self, document_ids: Collection[UUID]) -> None:
        """They are imported."""
        await self._unit.conn.execute(
            "DELETE FROM invoicing.import_items WHERE tenant_id = $1"
            " AND document_id = ANY($2::uuid[])",
            self._tenant_id,
            list(document_ids),
        )

    async def drop_import(self, import_id: UUID) -> None:
        """Nothing of it waits any more."""
        await self._unit.conn.execute(
            "DELETE FROM invoicing.import_items WHERE tenant_id = $1 AND import_id = $2",
            self._tenant_id,
            import_id,
        )

    async def numbers(
        self, legal_entity_id: UUID, source: str, numbers: Iterable[str]
    ) -> dict[str, KnownNumber]:
        """One round trip."""
        rows = await self._unit.conn.fetch(
            "SELECT number, document_id, digest FROM invoicing.imported_documents"
            " WHERE tenant_id = $1 AND legal_entity_id = $2 AND source = $3"
            " AND number = ANY($4::text[]) AND NOT voided",
            self._tenant_id,
            legal_entity_id,
            source,
            list(numbers),
        )
        return {row["number"]: KnownNumber(row["document_id"], row["digest"]) for row in rows}

    async def documents_of(self, import_id: UUID) -> list[UUID]:
        """In the order of their making."""
        rows = await self._unit.conn.fetch(
            "SELECT document_id FROM invoicing.imported_documents WHERE tenant_id = $1"
            " AND import_id = $2 AND NOT voided ORDER BY document_id",
            self._tenant_id,
            import_id,
        )
        return [row["document_id"] for row in rows]

    async def is_in_use(self, import_id: UUID) -> bool:
        """Whether there is an entry of another source, or a dispute."""
        found: bool = await self._unit.conn.fetchval(
            """SELECT EXISTS (
                SELECT FROM invoicing.imported_documents i
                JOIN invoicing.settlements s ON s.tenant_id = i.tenant_id
                    AND s.document_id = i.document_id
                LEFT JOIN invoicing.settlement_entries e ON e.tenant_id = i.tenant_id
                    AND e.document_id = i.document_id AND e.source <> $3
                WHERE i.tenant_id = $1 AND i.import_id = $2 AND NOT i.voided
                AND (s.disputed OR e.entry_id IS NOT NULL))""",
            self._tenant_id,
            import_id,
            f"import:{import_id}",
        )
        return found

    async def forget(
        self, subject_ids: Collection[UUID], *, but_of: Collection[UUID] = ()
    ) -> Sequence[UUID]:
        """By customer and by document; files whole, for nobody knows whom they name."""
        conn, wanted, spared = self._unit.conn, set(subject_ids), list(but_of)
        await conn.execute(
            f"DELETE FROM invoicing.import_files x WHERE tenant_id = $1 AND NOT {_OF_THESE}",
            self._tenant_id,
            spared,
        )
        rows = await conn.fetch(
            "SELECT DISTINCT customer FROM invoicing.import_items"
            " WHERE tenant_id = $1 AND customer IS NOT NULL",
            self._tenant_id,
        )
        customers = [
            row["customer"]
            for row in rows
            if customer_subject(self._tenant_id, row["customer"]) in wanted
        ]
        await conn.execute(
            f"DELETE FROM invoicing.import_items x WHERE tenant_id = $1 AND NOT {_OF_THESE}"
            " AND (customer = ANY($3::text[]) OR document_id = ANY($4::uuid[]))",
            self._tenant_id,
            spared,
            customers,
            list(wanted),
        )
        if not spared:
            return []
        left = await conn.fetch(_LEFT, self._tenant_id, spared, customers, list(wanted))
        return [row["legal_entity_id"] for row in left]


_OF_THESE = """EXISTS (
    SELECT FROM invoicing.imports i WHERE i.tenant_id = x.tenant_id
    AND i.import_id = x.import_id AND i.legal_entity_id = ANY($2::uuid[]))"""
_LEFT = """
SELECT DISTINCT i.legal_entity_id FROM invoicing.imports i
WHERE i.tenant_id = $1 AND i.legal_entity_id = ANY($2::uuid[]) AND (
    EXISTS (SELECT FROM invoicing.import_files f
        WHERE f.tenant_id = i.tenant_id AND f.import_id = i.import_id)
    OR EXISTS (SELECT FROM invoicing.import_items x
        WHERE x.tenant_id = i.tenant_id AND x.import_id = i.import_id
        AND (x.customer = ANY($3::text[]) OR x.document_id = ANY($4::uuid[]))))
"""
