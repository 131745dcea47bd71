"""Approve or reject a document, let another decide, or ask no more."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.escalate_approval import watch_approval
from invx.contexts.invoicing.app.let_lapse import approval_of, note_approval
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApproval(Command):
    """`step` is a position; the first open one of the caller when None."""

    document_id: UUID
    approve: bool
    note: str | None = None
    step: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateApproval(Command):
    document_id: UUID
    to: str
    reason: str
    step: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApproval(Command):
    document_id: UUID
    note: str | None = None
    expected_version: int | None = None


async def decide_approval(command: DecideApproval, uow: InvoicingUnitOfWork) -> Approval:
    """Raises NotFound, Stale, DocumentNotDraft, and what `Approval.approve` and `reject` raise."""
    caller, now = uow.ctx.caller, uow.ctx.now

    def decide(approval: Approval) -> None:
        if command.approve:
            approval.approve(caller, now, command.note, command.step)
        else:
            approval.reject(caller, now, command.note, command.step)

    return await _act(command.document_id, command.expected_version, decide, uow)


async def delegate_approval(command: DelegateApproval, uow: InvoicingUnitOfWork) -> Approval:
    """Raises NotFound, Stale, DocumentNotDraft, and what `Approval.delegate` raises."""
    caller, now = uow.ctx.caller, uow.ctx.now
    return await _act(
        command.document_id,
        command.expected_version,
        lambda approval: approval.delegate(caller, command.to, command.reason, now, command.step),
        uow,
    )


async def withdraw_approval(command: WithdrawApproval, uow: InvoicingUnitOfWork) -> Approval:
    """Raises NotFound, Stale, DocumentNotDraft, ApprovalNotWithdrawable, NotSubmitter."""
    actor, now = uow.ctx.caller.actor, uow.ctx.now
    return await _act(
        command.document_id,
        command.expected_version,
        lambda approval: approval.withdraw(actor, now, command.note),
        uow,
    )


async def _act(
    document_id: UUID,
    expected_version: int | None,
    act: Callable[[Approval], None],
    uow: InvoicingUnitOfWork,
) -> Approval:
    """On the approval of a document that is still a draft; the document learns of it."""
    document = await uow.documents.get(document_id)
    document.ensure_draft()
    approval = await approval_of(document_id, uow)
    expect(approval, expected_version)
    act(approval)
    note_approval(document, approval)
    watch_approval(approval, uow)
    return approval
