"""Take in documents of an import: each once, whoever runs this again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.invoicing.app.portions import schedule_for
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import subject_of
from invx.contexts.invoicing.domain.bookkeeping.accounts import rows_of
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.importing.carried import settle_imported
from invx.contexts.invoicing.domain.importing.errors import ForeignNumberTaken, ImportFileGone
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import DocumentImported
from invx.contexts.invoicing.domain.importing.item import ImportItem, content_of, totals_of
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ImportDocuments(Command):
    """A chunk of an import, by the ids that its documents get."""

    import_id: UUID
    document_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Taking:
    """What all documents of an import have in common."""

    foreign: ForeignImport
    entity: LegalEntity
    uow: InvoicingUnitOfWork

    def new_id(self) -> UUID:
        """For a document to be."""
        return self.uow.ids.new()

    def take(self, item: ImportItem, document_id: UUID) -> tuple[ImportedDocument, Settlement]:
        """The document with its settlement; nothing is written. Raises what settling refuses."""
        uow, opened = self.uow, self.foreign.opened
        content = content_of(item, self.entity.details.currency)
        document = ImportedDocument.take_in(
            document_id,
            DocumentImported(
                subject_id=subject_of(uow.ctx.tenant_id, content, document_id),
                legal_entity_id=self.entity.id,
                import_id=self.foreign.id,
                source=opened.source,
                number=item.number,
                content=content,
                totals=totals_of(item),
                mode=Mode.TEST if uow.ctx.test else Mode.LIVE,
                issue_date=item.issue_date,
                due_date=item.due_date,
                file=item.file,
                digest=item.digest,
                imported_at=uow.ctx.now,
            ),
        )
        rows = rows_of(content, self.entity, uow.charts, item.issue_date)
        paid = (item.paid, item.paid_on or opened.as_of)
        return document, settle_imported(document, self.entity, rows, paid, opened.as_of)


async def taking_for(foreign: ForeignImport, uow: InvoicingUnitOfWork) -> Taking:
    """For the documents of this import."""
    return Taking(foreign, await uow.legal_entities.get(foreign.legal_entity_id), uow)


async def import_documents(
    command: ImportDocuments, uow: InvoicingUnitOfWork
) -> Sequence[DomainError | None]:
    """The refusal of each, or None, in order. What is imported already is no refusal."""
    uow.behind_others()
    foreign = await uow.imports.get(command.import_id)
    taking = await taking_for(foreign, uow)
    items = await uow.importing.items(command.document_ids)
    known = await uow.importing.numbers(
        foreign.legal_entity_id, foreign.opened.source, [each.number for each in items.values()]
    )
    outcomes: list[DomainError | None] = []
    due: dict[datetime, list[UUID]] = {}
    done: list[UUID] = []
    for id in command.document_ids:
        item = items.get(id)
        if item is None:
            outcomes.append(ImportFileGone())
            continue
        if (other := known.get(item.number)) is not None:
            outcomes.append(None if other.digest == item.digest else ForeignNumberTaken())
            done += [id] if other.digest == item.digest else []
            continue
        try:
            document, settlement = taking.take(item, id)
        except DomainError as error:
            outcomes.append(error)
            continue
        uow.imported.add(document)
        uow.settlements.add(settlement)
        if settlement.open and settlement.claim.overdue_from:
            due.setdefault(settlement.claim.overdue_from, []).append(id)
        done.append(id)
        outcomes.append(None)
    await uow.importing.drop_items(done)
    for moment, ids in due.items():
        schedule_for("mark_overdue", ids, moment, uow)
    return outcomes
