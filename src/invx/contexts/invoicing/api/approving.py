"""Rules of approvals as they are stated over the API, and what the list of approvals is asked."""

from invx.contexts.invoicing.api.schemas.approvals import (
    ApprovalRuleIn,
    ApprovalRulesIn,
    ApprovalStepIn,
    AssigneeIn,
)
from invx.contexts.invoicing.domain.approval.rules import (
    ApprovalRule,
    ApprovalStep,
    Assignee,
    Threshold,
    keys_of,
)
from invx.contexts.invoicing.read.approvals import ApprovalSlice
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.filters import Choice, Id, Text
from invx.infra.http.pagination import Listing, ListQuery
from invx.kernel.context import Caller

STATUSES = ("pending", "approved", "rejected", "withdrawn", "lapsed")
ME = "me"
APPROVALS = Listing(
    filters={"status": Choice(STATUSES), "assignee": Text(), "legal_entity": Id(LEGAL_ENTITY)},
    sorts={"created": str},
    default_sort="created",
)


def approval_slice(query: ListQuery, caller: Caller) -> ApprovalSlice:
    """The part of the list that is asked for; `me` is the caller, and all permissions it holds."""
    given = {each.field: each.value for each in query.conditions}
    assignees = None
    if "assignee" in given:
        named = given["assignee"]
        assignees = keys_of(caller) if named == ME else [named]
    return ApprovalSlice(
        statuses=given.get("status", STATUSES),
        assignees=assignees,
        legal_entities=given.get("legal_entity"),
        after=query.after.id if query.after else None,
        limit=query.limit + 1,
        descending=query.descending,
    )


def rules_of(body: ApprovalRulesIn) -> list[ApprovalRule]:
    """The rules that a body states."""
    return [_rule(rule) for rule in body.rules]


def _rule(rule: ApprovalRuleIn) -> ApprovalRule:
    over = rule.over
    return ApprovalRule(
        name=rule.name,
        types=tuple(rule.types),
        over=Threshold(amount=over.amount, currency=over.currency) if over else None,
        discount_over=rule.discount_over,
        own=rule.own,
        steps=tuple(_step(step) for step in rule.steps),
    )


def _step(step: ApprovalStepIn) -> ApprovalStep:
    return ApprovalStep(
        name=step.name,
        required=step.required,
        assignees=tuple(_assignee(each) for each in step.assignees),
        due_days=step.due_days,
        escalate_to=tuple(_assignee(each) for each in step.escalate_to),
    )


def _assignee(named: AssigneeIn) -> Assignee:
    if isinstance(named, str):
        return Assignee(subject=named)
    return Assignee(permission=named.permission)
