"""What the history of a document tells of its approval."""

from typing import Any

from invx.contexts.invoicing.domain.approval.approval_events import (
    ApprovalLapsed,
    ApprovalSubmitted,
    ApprovalWithdrawn,
    StepApproved,
    StepDelegated,
    StepEscalated,
    StepRejected,
)
from invx.contexts.invoicing.domain.document_events import ApprovalChanged
from invx.contexts.invoicing.read.approvals import assignee_view
from invx.kernel.messages import Event


def approval_details(event: Event) -> dict[str, Any]:
    """What a reader wants to know at a glance; nothing of other events."""
    match event:
        case ApprovalSubmitted():
            return {
                "currency": event.currency,
                "gross": f"{event.total:f}",
                "rules": [rule.name for rule in event.rules],
                "note": event.note,
            }
        case StepApproved() | StepRejected():
            return {"step": event.position, "note": event.note}
        case StepDelegated():
            return {"step": event.position, "to": event.to, "reason": event.reason}
        case StepEscalated():
            return {"step": event.position, "to": [assignee_view(each) for each in event.to]}
        case ApprovalWithdrawn():
            return {"note": event.note}
        case ApprovalChanged():
            return {"approval_status": str(event.state)}
        case ApprovalLapsed():
            return {"cause": str(event.cause)}
        case _:
            return {}
