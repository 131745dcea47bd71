"""Take in a file of another system. Nothing of it counts before it is committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from invx.contexts.invoicing.app.draft_document import selling_entity
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.post_entry import DateInFuture
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_events import ImportOpened
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping
from invx.kernel.errors import Problem
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenImport(Command):
    """`as_of` is the day of the takeover; today when absent."""

    source: str
    legal_entity_id: UUID | None = None
    as_of: date | None = None
    file_name: str | None = None
    content: bytes
    columns: Sequence[str]
    rows: int
    mapping: ImportMapping


async def open_import(command: OpenImport, uow: InvoicingUnitOfWork) -> ForeignImport:
    """The import with a mapping to begin with: that of the last file with these columns, if any.

    Raises LegalEntityNotFound, LegalEntityRequired, DateInFuture.
    """
    entity = await selling_entity(command.legal_entity_id, uow)
    today = entity.today(uow.ctx.now)
    as_of = command.as_of or today
    if as_of > today:
        problem = Problem("/as_of", DateInFuture.code, f"Today is {today}.")
        raise DateInFuture(problems=[problem])
    opened = ImportOpened(
        legal_entity_id=entity.id,
        source=command.source,
        as_of=as_of,
        file_name=command.file_name,
        sha256=sha256(command.content).hexdigest(),
        size=len(command.content),
        columns=tuple(command.columns),
        rows=command.rows,
        mapping=command.mapping,
        opened_at=uow.ctx.now,
        by=uow.ctx.caller.actor,
    )
    found = ForeignImport.open(uow.ids.new(), opened)
    uow.imports.add(found)
    uow.importing.keep_file(found.id, command.content)
    return found
