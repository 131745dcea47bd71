"""Tell a tax engine of a document: owed with the document's own transaction, sent by a due job."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.tax.engine_entry import (
    EngineEntry,
    EngineEntryStatus,
    engine_entry_id,
)
from invx.contexts.invoicing.domain.tax.engine_entry_events import EngineEntryKind, EngineEntryOwed
from invx.contexts.invoicing.domain.tax.engine_statement import statement_of
from invx.kernel.messages import Command

JOB = "tell_engine"


@dataclass(frozen=True, slots=True)
class TellEngine(Command):
    entry_id: UUID


async def tell_engine(command: TellEngine, uow: InvoicingUnitOfWork) -> None:
    """Commit an entry with its engine; what is committed or given up is left alone.

    The engine knows the entry by its id, so a process that dies between its answer and our commit
    costs nothing. What the entry takes back goes first. A failure is recorded, and the job comes
    again by the tenant's clock until there were too many.
    """
    entry = await uow.engine_entries.get(command.entry_id)
    if entry.status is not EngineEntryStatus.PENDING:
        return
    if entry.reverses is not None:
        first = await uow.engine_entries.get(entry.reverses)
        if first.status is not EngineEntryStatus.COMMITTED:
            _failed(entry, "What it takes back is not committed yet.", uow)
            return
    document = await uow.documents.get(entry.document_id)
    fact = uow.tax_engines.receipt(statement_of(entry, document), attempt=entry.version)
    if fact is None:
        _failed(entry, f"No tax engine {entry.engine} is set up.", uow)
        return
    [answer] = await uow.facts.need(fact)
    if answer.reference is not None:
        entry.accept(answer.reference, uow.ctx.now)
    else:
        _failed(entry, answer.fault or "No answer.", uow, lasting=answer.lasting)


def _failed(
    entry: EngineEntry, reason: str, uow: InvoicingUnitOfWork, *, lasting: bool = False
) -> None:
    retry_at = entry.fail(reason, uow.ctx.now, lasting=lasting)
    if retry_at is not None:
        uow.jobs.schedule(JOB, str(entry.id), due_at=retry_at)


def owe_engine(document: Document, original: Document | None, uow: InvoicingUnitOfWork) -> None:
    """What was just finalized is told to the engine that taxed it. Proformas are told to nobody."""
    kind = document.content.type
    if kind is DocumentType.PROFORMA:
        return
    if kind is DocumentType.INVOICE:
        _owe(document, EngineEntryKind.SALE, None, uow)
        return
    sale = engine_entry_id(original.id, EngineEntryKind.SALE) if original else None
    _owe(document, EngineEntryKind.REFUND, sale, uow)


def owe_engine_void(document: Document, uow: InvoicingUnitOfWork) -> None:
    """What was just voided never was: the engine takes back what it was told."""
    credit = document.content.type is DocumentType.CREDIT_NOTE
    told = EngineEntryKind.REFUND if credit else EngineEntryKind.SALE
    if document.content.type is not DocumentType.PROFORMA:
        _owe(document, EngineEntryKind.VOID, engine_entry_id(document.id, told), uow)


def _owe(
    document: Document, kind: EngineEntryKind, reverses: UUID | None, uow: InvoicingUnitOfWork
) -> None:
    kept = document.content.determination
    if kept is None or kept.quote is None:
        return
    entry = EngineEntry.owe(
        EngineEntryOwed(
            document_id=document.id,
            legal_entity_id=document.legal_entity_id,
            kind=kind,
            engine=kept.quote.engine,
            quote=kept.quote.reference,
            reverses=reverses,
            owed_at=uow.ctx.now,
        )
    )
    uow.engine_entries.add(entry)
    uow.jobs.schedule(JOB, str(entry.id), due_at=uow.ctx.now)
