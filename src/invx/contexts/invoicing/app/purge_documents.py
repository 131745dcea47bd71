"""Purge documents that the law no longer keeps, or try how that would go (D4).

A purge is the erasure of everybody of whom a document speaks, the seller too, and of its content
and its files. Number, dates and figures stay: the series, the register and the books need them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.erase_document import erase_in, streams_about
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds
from invx.contexts.invoicing.domain.keeping.purging import (
    DocumentNotIssued,
    DocumentOnHold,
    DocumentUnsettled,
    RetentionRuns,
)
from invx.contexts.invoicing.domain.retention import retention_of
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class PurgeDocuments(Command):
    """`trial`: find out what would become of each, and write nothing."""

    document_ids: Sequence[UUID]
    trial: bool = False


async def purge_documents(
    command: PurgeDocuments, uow: InvoicingUnitOfWork
) -> list[DomainError | None]:
    """For each in order None where it is (or would be) purged, else why it stays.

    Purging again changes nothing. Each is judged as it is now, whatever a trial said before.
    """
    if not command.trial:
        await uow.personal_data.shut_out_writers()
    ids = command.document_ids
    documents = await uow.documents.find_all(ids) | await uow.imported.find_all(ids)
    settlements = await uow.settlements.find_all([settlement_id(id) for id in ids])
    said = await uow.personal_data.subjects_of([s for id in ids for s in streams_about(id)])
    subjects = {id: _subjects(streams_about(id), said) for id in ids}
    holds = await uow.legal_holds.standing()
    outcomes: list[DomainError | None] = []
    purged: dict[UUID, set[UUID]] = {}
    for id in ids:
        document = documents.get(id)
        settlement = settlements.get(settlement_id(id))
        refusal = _refusal(document, settlement, subjects[id], holds, uow)
        outcomes.append(refusal)
        if document is not None and refusal is None and not document.purged:
            purged[id] = subjects[id]
    if not command.trial:
        own = {each.legal_entity_id for each in documents.values()}
        about = set().union(*purged.values()) - own
        await erase_in(purged, uow, archives_of=list(purged), about=about, purged=True)
    return outcomes


def _subjects(streams: Iterable[UUID], said: Mapping[UUID, set[UUID]]) -> set[UUID]:
    return set().union(*(said.get(stream, set()) for stream in streams))


def _refusal(
    document: Document | ImportedDocument | None,
    settlement: Settlement | None,
    subjects: set[UUID],
    holds: Holds,
    uow: InvoicingUnitOfWork,
) -> DomainError | None:
    """Why a document stays; None when it may go, or has gone."""
    if document is None:
        return DocumentNotIssued()
    if document.purged:
        return None
    held = retention_of(document, uow.packs)
    if held is None:
        return DocumentNotIssued()
    whose = next((holds.subjects[each] for each in sorted(subjects & holds.subjects.keys())), None)
    if hold_id := holds.on(document) or whose:
        return DocumentOnHold(f"{typeid('lho', hold_id)} keeps {document.number}.")
    if uow.ctx.now.date() <= held.until:
        law = f" ({held.source})" if held.source else ""
        return RetentionRuns(f"{document.number} is kept until {held.until.isoformat()}{law}.")
    standing = settlement.standing if settlement else None
    if standing is not None and not standing.voided and (standing.open or standing.disputed):
        what = "disputed" if standing.disputed else "open"
        return DocumentUnsettled(f"{document.number} is still {what}.")
    return None
