"""Erase a customer's personal data, but for documents that the law still keeps (D4)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.document import Document, Status
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command

# The longest that an EU member asks for invoices about movables (ten years from the year's end;
# Germany: § 14b UStG, eight since 2025). Country packs will say it by country.
RETENTION_YEARS = 10


@dataclass(frozen=True, slots=True)
class EraseCustomer(Command):
    customer: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that stays, and the last day until which it must."""

    document_id: UUID
    number: str | None
    until: date


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done."""

    customer: str
    erased: tuple[UUID, ...]
    kept: tuple[Kept, ...]


async def erase_customer(command: EraseCustomer, uow: InvoicingUnitOfWork) -> Erasure:
    """Erase what may go now and name what may not. Running it again erases what has become free."""
    subject = customer_subject(uow.ctx.tenant_id, command.customer)
    await uow.personal_data.shut_out_writers()
    erased: list[UUID] = []
    kept: list[Kept] = []
    streams: list[UUID] = []
    for document in await _documents_of(subject, uow):
        until = retained_until(document)
        # A draft may have changed hands: what an issued document said of somebody else while it was
        # a draft is no part of what the law keeps.
        if document.subject_id == subject:
            if until is not None and uow.ctx.now.date() <= until:
                kept.append(Kept(document.id, document.number, until))
                continue
            erased.append(document.id)
        streams += [document.id, settlement_id(document.id)]
    await uow.personal_data.erase(subject, streams, archives_of=erased)
    return Erasure(command.customer, tuple(erased), tuple(kept))


async def _documents_of(subject: UUID, uow: InvoicingUnitOfWork) -> list[Document]:
    """The documents that name this subject, or whose settlements do, as when a note came later."""
    streams = await uow.personal_data.streams_of(subject)
    settlements = await uow.settlements.find_all(streams)
    about = [settlement.claim.document_id for settlement in settlements.values()]
    return list((await uow.documents.find_all([*streams, *about])).values())


def retained_until(document: Document) -> date | None:
    """The last day on which the law keeps a document: None for what was never issued."""
    if document.status in (Status.DRAFT, Status.DELETED) or document.issue_date is None:
        return None
    return date(document.issue_date.year + RETENTION_YEARS, 12, 31)
