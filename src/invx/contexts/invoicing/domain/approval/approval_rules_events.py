"""What happens to the approval rules of a legal entity."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.domain.approval.rules import ApprovalRule
from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRulesStated(Event):
    """From now on these rules hold, and no others; their order is that of the steps."""

    legal_entity_id: UUID
    rules: tuple[ApprovalRule, ...]
