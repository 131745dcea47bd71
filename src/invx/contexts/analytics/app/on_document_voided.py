"""A document was voided: it no longer counts."""

from dataclasses import replace

from invx.contexts.analytics.app.ports import AnalyticsUnitOfWork
from invx.contracts.invoicing import DocumentVoidedV1
from invx.kernel.errors import NotYet


async def on_document_voided(contract: DocumentVoidedV1, uow: AnalyticsUnitOfWork) -> None:
    """Take it out of its month. Raises NotYet while the document itself has not arrived."""
    document = await uow.documents.find(contract.document_id)
    if document is None:
        raise NotYet(f"document {contract.document_id}")
    uow.documents.put(replace(document, voided=True))
