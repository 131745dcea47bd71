"""Archives of many documents at the edge: which files are meant, and the ZIP that holds them."""

import csv
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.lists import SELECTED, document_filter
from invx.contexts.invoicing.api.operating import OPERATION
from invx.contexts.invoicing.app.archive_files import PDF, kind_of
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.read.selection import (
    SelectedFile,
    bytes_in_rows,
    done_by,
    files_of,
    select_documents,
    select_issued,
)
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.filters import Choice, Condition, Id
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem
from invx.infra.operations import get_operation
from invx.infra.zipped import ZippedFile
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.errors import Conflict
from invx.kernel.ids import typeid
from invx.kernel.operations import SelectionEmpty, SelectionTooLarge
from invx.kernel.storage import FileMissing

FILES = (PDF, *FORMATS)
ARCHIVED = Listing(filters={**SELECTED.filters, "files": Choice(FILES), "operation": Id(OPERATION)})
_AT_ONCE = 16  # documents whose files are looked up together
_BYTES_AT_ONCE = 4_000_000  # of files that are in memory together; a larger one is alone
_CHECKED_AT_ONCE = 1_000


class ArchiveIncomplete(Conflict):
    """Some of these files have not been made yet: POST the same selection, and ask again."""

    lasting = False


@dataclass(frozen=True, slots=True)
class Selected:
    """Which documents, and which files of each."""

    ids: Sequence[UUID]
    files: Sequence[str]

    @property
    def kinds(self) -> dict[str, str]:
        """The files by the kind under which they are archived."""
        return {
            kind_of(file, hybrid=file != PDF and FORMATS[file].hybrid): file for file in self.files
        }


async def archived(query: ListQuery, edge: Edge, caller: Caller) -> Selected:
    """The files that are asked for, all of which are there.

    Raises SelectionEmpty, SelectionTooLarge, ArchiveIncomplete, OperationNotFound, InvalidQuery.
    """
    wanted = await _selected(query, edge, caller)
    issued: list[UUID] = []
    missing = 0
    async with edge.runner.reading(caller) as (conn, ctx):
        for at in range(0, len(wanted.ids), _CHECKED_AT_ONCE):
            some = wanted.ids[at : at + _CHECKED_AT_ONCE]
            found, lacking = await select_issued(conn, ctx, some, list(wanted.kinds))
            issued += found
            missing += lacking
    if not issued:
        raise SelectionEmpty
    if missing:
        raise ArchiveIncomplete(f"{missing} of the files have not been made yet: POST first.")
    return Selected(issued, wanted.files)


async def _selected(query: ListQuery, edge: Edge, caller: Caller) -> Selected:
    given: dict[str, Any] = {each.field: each.value for each in query.conditions}
    most = limits.ARCHIVED_DOCUMENTS_MAX
    if "operation" in given:
        _refuse_others(given)
    async with edge.runner.reading(caller) as (conn, ctx):
        if "operation" in given:
            schema = edge.runner.database.schema
            operation = await get_operation(conn, ctx, schema, given["operation"][0])
            ids = await done_by(conn, ctx, operation.operation_id)
            files = given.get("files", operation.settings.get("files", (PDF,)))
        else:
            ids = await select_documents(conn, ctx, document_filter(_narrowed(query)), most + 1)
            files = given.get("files", (PDF,))
    ensure_archivable(ids)
    return Selected(ids, files)


def _refuse_others(given: Mapping[str, Any]) -> None:
    """The documents are those of the operation: what would narrow them is a mistake."""
    others = [name for name in given if name not in ("operation", "files")]
    if others:
        detail = "An operation and a filter exclude each other."
        raise InvalidQuery(
            problems=[
                parameter_problem("query", name, "not_with_operation", detail) for name in others
            ]
        )


def ensure_archivable(ids: Sequence[UUID]) -> None:
    """Raises SelectionTooLarge for more documents than one archive holds."""
    if len(ids) > limits.ARCHIVED_DOCUMENTS_MAX:
        most = f"{limits.ARCHIVED_DOCUMENTS_MAX:,}"
        raise SelectionTooLarge(f"An archive holds the files of {most} documents at most.")


def _narrowed(query: ListQuery) -> ListQuery:
    conditions: list[Condition] = [each for each in query.conditions if each.field != "files"]
    return ListQuery(query.limit, query.sort, query.descending, tuple(conditions))


async def files_in(wanted: Selected, edge: Edge, caller: Caller) -> AsyncIterator[ZippedFile]:
    """The files under their names, then a list of them with their hashes.

    What was erased since they were asked for is not there, and not in the list.
    """
    listed = StringIO()
    table = csv.writer(listed)
    table.writerow(("file", "invoice", "number", "sha256"))
    names: set[str] = set()
    for at in range(0, len(wanted.ids), _AT_ONCE):
        some = wanted.ids[at : at + _AT_ONCE]
        async with edge.runner.reading(caller) as (conn, ctx):
            found = await files_of(conn, ctx, some, list(wanted.kinds))
        async for file, content in _contents(found, edge, caller):
            name = _name(file, wanted.kinds[file.kind], names)
            names.add(name)
            invoice = typeid(INVOICE, file.document_id)
            table.writerow((name, invoice, file.number, file.stored.sha256))
            yield ZippedFile(name, content)
    yield ZippedFile("files.csv", listed.getvalue().encode())


async def _contents(
    files: Sequence[SelectedFile], edge: Edge, caller: Caller
) -> AsyncIterator[tuple[SelectedFile, bytes]]:
    """Each with its bytes. Those that are rows are read several at a time, up to a size."""
    for some in _by_size(files):
        async with edge.runner.reading(caller) as (conn, ctx):
            held = await bytes_in_rows(conn, ctx, some)
        for file in some:
            inside = held.pop((file.document_id, file.kind), None)
            try:
                content = await edge.places.content(caller.tenant_id, file.stored, inside)
            except FileMissing:
                async with edge.runner.reading(caller) as (conn, ctx):
                    left = await files_of(conn, ctx, [file.document_id], [file.kind])
                if left:
                    raise
                continue  # erased since it was listed
            yield file, content


def _by_size(files: Sequence[SelectedFile]) -> Iterator[list[SelectedFile]]:
    some: list[SelectedFile] = []
    for file in files:
        if some and sum(each.stored.size for each in some) + file.stored.size > _BYTES_AT_ONCE:
            yield some
            some = []
        some.append(file)
    if some:
        yield some


def _name(file: SelectedFile, code: str, taken: set[str]) -> str:
    """By the number of the document; two series may have one number in common."""
    stem = file.number.replace("/", "-").replace("\\", "-")
    end = ".pdf"
    if code != PDF:
        end = f".{code}.pdf" if FORMATS[code].hybrid else f".{code}.xml"
    name = stem + end
    return name if name not in taken else f"{stem}_{typeid(INVOICE, file.document_id)}{end}"
