"""State when documents of a legal entity need an approval, and whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.approval.approval_rules import (
    ApprovalRules,
    approval_rules_id,
)
from invx.contexts.invoicing.domain.approval.rules import ApprovalRule
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class StateApprovalRules(Command):
    """All rules, in their order; none lifts all of them. The version is that of the rules."""

    legal_entity_id: UUID
    rules: Sequence[ApprovalRule]
    expected_version: int | None = None


async def state_approval_rules(
    command: StateApprovalRules, uow: InvoicingUnitOfWork
) -> ApprovalRules:
    """The rules from now on. Raises LegalEntityNotFound, Stale, ApprovalRulesInvalid."""
    entity = await uow.legal_entities.get(command.legal_entity_id)
    rules = await uow.approval_rules.find(approval_rules_id(entity.id))
    if rules is None:
        rules = ApprovalRules.of(entity.id)
        uow.approval_rules.add(rules)
    expect(rules, command.expected_version)
    rules.state(command.rules)
    # Finalizing loads the entity anyway: where there are no rules, it reads nothing more.
    entity.demand_approvals(demanded=bool(rules.rules))
    return rules
