"""Rules, people and approvals to test with."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.rules import (
    ApprovalRule,
    ApprovalStep,
    Assignee,
    Threshold,
)
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.context import Caller
from tests.unit.invoicing.domain.drafts import NOW, content, drafted, line

D = Decimal
APPROVE = "invoices:approve"
GROUP = Assignee(permission=APPROVE)
DAY = timedelta(days=1)


def named(name: str) -> Assignee:
    return Assignee(subject=f"user:{name}")


def step(name: str, *assignees: Assignee, **more: Any) -> ApprovalStep:
    return ApprovalStep(name=name, assignees=assignees or (GROUP,), **more)


def rule(name: str = "All", *steps: ApprovalStep, **more: Any) -> ApprovalRule:
    return ApprovalRule(name=name, steps=steps or (step("Manager"),), **more)


def over(amount: str, currency: str = "EUR") -> Threshold:
    return Threshold(amount=D(amount), currency=currency)


def person(name: str, *permissions: str, limit: Mapping[str, Decimal] | None = None) -> Caller:
    """Somebody who may approve."""
    held = frozenset({APPROVE, *permissions})
    return Caller(UUID(int=1), f"user:{name}", UUID(int=2), held, approval_limit=limit)


def draft(price: str = "100.00", **more: Any) -> Document:
    return drafted(content(line("1", price), **more))


def submitted(*rules: ApprovalRule, price: str = "100.00", by: str = "sam") -> Approval:
    """The approval of a draft that somebody submitted just now."""
    document = draft(price)
    approval = Approval.of(document.id)
    approval.submit(document, rules or (rule(),), f"user:{by}", NOW)
    return approval


def replayed(approval: Approval) -> Approval:
    return Approval.rehydrate(approval.id, approval.recorded)


def states(approval: Approval) -> list[str]:
    return [str(each.state) for each in approval.steps]
