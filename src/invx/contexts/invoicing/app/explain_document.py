"""Say of every figure of a document how it came about."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bill import bill_of, tax_currency_steps
from invx.kernel.messages import Command
from invx.rules.totals.explain import explain
from invx.rules.totals.steps import Step


@dataclass(frozen=True, slots=True)
class ExplainDocument(Command):
    document_id: UUID


async def explain_document(command: ExplainDocument, uow: InvoicingUnitOfWork) -> tuple[Step, ...]:
    """The steps from the inputs to the totals, as frozen on the document. Raises NotFound."""
    document = await uow.documents.get(command.document_id)
    document.ensure_exists()
    steps = explain(bill_of(document.content, document.rounding), document.totals)
    return (*steps, *tax_currency_steps(document.content, document.totals))
