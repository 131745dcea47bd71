"""The rules by which documents of a legal entity need approvals: a stream of its own."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalRulesInvalid
from invx.contexts.invoicing.domain.approval.approval_rules_events import ApprovalRulesStated
from invx.contexts.invoicing.domain.approval.rules import ApprovalRule, rules_problems
from invx.contexts.invoicing.domain.content import Content
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.rules.totals.model import Totals


def approval_rules_id(legal_entity_id: UUID) -> UUID:
    """The id of a legal entity's rules, found without looking it up."""
    return named_id(legal_entity_id, "approval_rules")


class ApprovalRules(Aggregate):
    """All rules of one legal entity, stated as a whole; none before they are stated."""

    legal_entity_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.rules: tuple[ApprovalRule, ...] = ()

    @classmethod
    def of(cls, legal_entity_id: UUID) -> Self:
        """Those that have yet to be stated."""
        found = cls(approval_rules_id(legal_entity_id))
        found.legal_entity_id = legal_entity_id
        return found

    def state(self, rules: Sequence[ApprovalRule]) -> None:
        """These from now on; the same ones change nothing. Raises ApprovalRulesInvalid."""
        if problems := list(rules_problems(rules)):
            raise ApprovalRulesInvalid(problems=problems)
        if tuple(rules) != self.rules:
            stated = ApprovalRulesStated(legal_entity_id=self.legal_entity_id, rules=tuple(rules))
            self.record(stated)

    def matching(self, content: Content, totals: Totals) -> tuple[ApprovalRule, ...]:
        """The rules that apply to a document, in their order."""
        return tuple(rule for rule in self.rules if rule.applies_to(content, totals))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ApprovalRulesStated():
                self.legal_entity_id, self.rules = event.legal_entity_id, event.rules
            case _:
                violated(f"approval rules do not know {type(event).__name__}")
