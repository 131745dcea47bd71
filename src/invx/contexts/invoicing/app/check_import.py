"""Try an import: what would be imported, what is there already, what is wrong. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.import_documents import Taking, taking_for
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.item import ImportItem
from invx.contexts.invoicing.domain.importing.reading import Read, RowProblem
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command
from invx.rules.totals.model import ZERO

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class CheckImport(Command):
    """The documents of the file as they were read by the mapping of this version."""

    import_id: UUID
    read: Sequence[Read]


@dataclass(slots=True)
class Sum:
    """Of the documents in one currency; a credit note counts against."""

    documents: int = 0
    gross: Decimal = ZERO
    open: Decimal = ZERO


@dataclass(slots=True)
class Examined:
    """What would become of a file."""

    ready: list[ImportItem] = field(default_factory=list)
    duplicates: int = 0
    rejected: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)


async def check_import(command: CheckImport, uow: InvoicingUnitOfWork) -> Examined:
    """What a commit would do now. Raises ImportNotFound, ImportNotOpen."""
    found = await uow.imports.get(command.import_id)
    found.ensure_open()
    return await examine(command.read, found, uow)


async def examine(
    read: Sequence[Read], foreign: ForeignImport, uow: InvoicingUnitOfWork
) -> Examined:
    """Each document by itself: ready, there already, or rejected with its problems."""
    taking = await taking_for(foreign, uow)
    result = Examined()
    for at in range(0, len(read), _AT_ONCE):
        some = read[at : at + _AT_ONCE]
        numbers = [each.number for each in some if each.item is not None]
        known = await uow.importing.numbers(foreign.legal_entity_id, foreign.opened.source, numbers)
        for each in some:
            result.problems += each.problems
            if each.item is None:
                result.rejected += 1
            elif each.number not in known:
                _try(each.item, taking, result)
            elif known[each.number].digest == each.item.digest:
                result.duplicates += 1
            else:
                detail = "It was imported before, and said something else then."
                result.problems.append(
                    _problem(each.item, "number", "foreign_number_taken", detail)
                )
                result.rejected += 1
    return result


def _try(item: ImportItem, taking: Taking, result: Examined) -> None:
    try:
        taking.take(item, taking.new_id())
    except DomainError as error:
        said = [(each.pointer, each.code, each.detail) for each in error.problems]
        for pointer, code, detail in said or [("", error.code, error.detail)]:
            result.problems.append(_problem(item, pointer.removeprefix("/"), code, detail))
        result.rejected += 1
        return
    result.ready.append(item)
    total = result.sums.setdefault(item.currency, Sum())
    total.documents += 1
    total.gross += item.sign * item.gross
    total.open += item.sign * item.open


def _problem(item: ImportItem, field: str, code: str, detail: str) -> RowProblem:
    return RowProblem(
        row=item.row, field=field, column=None, value=item.number, code=code, detail=detail
    )
