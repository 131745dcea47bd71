"""A document was finalized: it counts in the month of its issue date."""

from invx.contexts.analytics.app.ports import AnalyticsUnitOfWork, CountedDocument
from invx.contracts.invoicing import DocumentFinalizedV1


async def on_document_finalized(contract: DocumentFinalizedV1, uow: AnalyticsUnitOfWork) -> None:
    """Count it; a credit note counts negative, in its own month.

    TEST documents count too: a tenant is either live or a sandbox, so they never meet real ones.
    """
    sign = -1 if contract.type == "credit_note" else 1
    uow.documents.put(
        CountedDocument(
            document_id=contract.document_id,
            type=contract.type,
            legal_entity_id=contract.legal_entity_id,
            currency=contract.currency,
            month=contract.issue_date.replace(day=1),
            net=sign * contract.net,
            tax=sign * contract.tax,
            gross=sign * contract.gross,
        )
    )
