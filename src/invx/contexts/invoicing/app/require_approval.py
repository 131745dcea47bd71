"""Whether a document may be finalized as far as approvals go: what finalizing asks."""

from typing import NoReturn

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.approval.approval import approval_id, unmet
from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalRequired
from invx.contexts.invoicing.domain.approval.approval_rules import approval_rules_id
from invx.contexts.invoicing.domain.approval.rules import ApprovalRule
from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity


async def require_approval(
    document: Document, entity: LegalEntity, stated: int, uow: InvoicingUnitOfWork
) -> None:
    """Refuse a document that somebody has to approve first. Raises ApprovalRequired.

    `stated` is the version of its content before this command; what finalizing itself states
    (taxes and rates of the day) is no edit, but must come to the total that was approved. Where no
    rules are, and nothing is asked for, nothing is read.
    """
    pending = document.approval is ApprovalState.PENDING
    rules = await rules_for(document, entity, uow)
    if not rules and not pending:
        return
    if document.approval is ApprovalState.NONE:
        _refuse(unmet(rules[0]))
    approval = await uow.approvals.get(approval_id(document.id))
    totals = document.issuable_totals
    objection = approval.objection(rules, stated, totals.currency, totals.gross)
    if objection is not None:
        _refuse(objection)


async def rules_for(
    document: Document, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> tuple[ApprovalRule, ...]:
    """The rules that apply to the document as it is now."""
    if not entity.approvals_demanded:
        return ()
    rules = await uow.approval_rules.get(approval_rules_id(entity.id))
    return rules.matching(document.content, document.issuable_totals)


def _refuse(why: str) -> NoReturn:
    raise ApprovalRequired(f"{why[0].upper()}{why[1:]}.")
