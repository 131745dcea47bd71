"""Say how the columns of an import's file become fields."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping
from invx.kernel.errors import Stale
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class StateImportMapping(Command):
    import_id: UUID
    mapping: ImportMapping
    expected_version: int | None = None


async def state_import_mapping(
    command: StateImportMapping, uow: InvoicingUnitOfWork
) -> ForeignImport:
    """The import as it is read from now on.

    Raises ImportNotFound, Stale, ImportNotOpen, MappingInvalid.
    """
    found = await uow.imports.get(command.import_id)
    if command.expected_version not in (None, found.version):
        raise Stale
    found.state_mapping(command.mapping)
    return found
