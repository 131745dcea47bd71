"""When a document needs an approval, and whose: rules that a legal entity states."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from invx.contexts.invoicing.domain.approval.discounts import discounted_over
from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.kernel.context import Caller
from invx.kernel.errors import Problem
from invx.kernel.limits import NAME_CHARS_MAX
from invx.kernel.money import EXACT, UnknownCurrency, exponent
from invx.rules.totals.model import Totals

RULES_MAX = 50
STEPS_MAX = 20  # of one rule
ASSIGNEES_MAX = 20  # of one step
DUE_DAYS_MAX = 365
_HUNDRED = Decimal(100)
_SUBJECT = re.compile(r"(?!permission:)[a-z]{1,20}:[!-~]{1,200}")
_PERMISSION = re.compile(r"[a-z_]{1,50}:[a-z_]{1,50}")
_OF_PERMISSION = "permission:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """Who may decide a step: one subject of tokens, or whoever holds a permission."""

    subject: str | None = None
    permission: str | None = None

    @property
    def key(self) -> str:
        """One text for either, by which lists find what waits for somebody."""
        return self.subject or f"{_OF_PERMISSION}{self.permission}"

    def admits(self, caller: Caller) -> bool:
        """Whether the caller is meant."""
        if self.subject is not None:
            return self.subject == caller.actor
        return self.permission in caller.permissions


def keys_of(caller: Caller) -> list[str]:
    """The keys of all assignees that the caller is."""
    return [caller.actor, *(f"{_OF_PERMISSION}{each}" for each in sorted(caller.permissions))]


def is_subject(text: str) -> bool:
    """Whether this may be the subject of a token, such as `user:anna`."""
    return _SUBJECT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep:
    """One decision. Days run from its opening, in business time; `escalate_to` joins after them.

    A step that is not required holds nothing up: deciding a later one leaves it out.
    """

    name: str
    required: bool = True
    assignees: tuple[Assignee, ...]
    due_days: int | None = None
    escalate_to: tuple[Assignee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """An amount, gross, beyond which a rule applies."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Applies to a document that fulfils all its conditions; one without any applies to all.

    `own` lets people decide what they submitted themselves: it lifts the principle of four eyes.
    """

    name: str
    types: tuple[DocumentType, ...] = (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)
    over: Threshold | None = None
    discount_over: Decimal | None = None  # percent, of the line that was discounted most
    own: bool = False
    steps: tuple[ApprovalStep, ...]

    def applies_to(self, content: Content, totals: Totals) -> bool:
        """Whether the document needs this rule's steps; what cannot be compared does."""
        if content.type not in self.types:
            return False
        if self.over is not None and not _is_over(self.over, content, totals):
            return False
        return self.discount_over is None or discounted_over(self.discount_over, content, totals)


def _is_over(threshold: Threshold, content: Content, totals: Totals) -> bool:
    """By its size, whatever its sign, so that a negative invoice is not a way around."""
    gross, stated = abs(totals.gross), content.tax_currency
    if content.currency == threshold.currency:
        return gross > threshold.amount
    if stated is None or stated.currency != threshold.currency:
        return True
    return EXACT.multiply(gross, stated.rate) > threshold.amount


def rules_problems(rules: Sequence[ApprovalRule]) -> Iterator[Problem]:
    """What is wrong with rules, by pointers into the body that states them."""
    if len(rules) > RULES_MAX:
        yield Problem("/rules", "too_many", f"At most {RULES_MAX}.")
    names = [rule.name.strip().casefold() for rule in rules]
    for index, rule in enumerate(rules):
        at = f"/rules/{index}"
        yield from _name(rule.name, at)
        if names[index] in names[:index]:
            detail = "Another rule has this name; refusals name the rule."
            yield Problem(f"{at}/name", "rule_named_twice", detail)
        yield from _conditions(rule, at)
        yield from _steps(rule.steps, f"{at}/steps")


def _name(name: str, at: str) -> Iterator[Problem]:
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        yield Problem(f"{at}/name", "name_malformed", f"1 to {NAME_CHARS_MAX} characters.")


def _conditions(rule: ApprovalRule, at: str) -> Iterator[Problem]:
    if not rule.types or len(set(rule.types)) != len(rule.types):
        yield Problem(f"{at}/types", "types_malformed", "At least one, and each once.")
    if rule.over is not None:
        try:
            exponent(rule.over.currency)
        except UnknownCurrency as error:
            yield Problem(f"{at}/over/currency", error.code, error.detail)
        if rule.over.amount < 0:
            yield Problem(f"{at}/over/amount", "amount_negative", "Not below zero.")
    if rule.discount_over is not None and not 0 <= rule.discount_over < _HUNDRED:
        yield Problem(f"{at}/discount_over", "percent_out_of_range", "From 0 to below 100.")


def _steps(steps: Sequence[ApprovalStep], at: str) -> Iterator[Problem]:
    if len(steps) > STEPS_MAX:
        yield Problem(at, "too_many", f"At most {STEPS_MAX}.")
    if not any(step.required for step in steps):
        yield Problem(at, "step_required", "At least one step is required; else nobody decides.")
    for index, step in enumerate(steps):
        here = f"{at}/{index}"
        yield from _name(step.name, here)
        if not step.assignees:
            yield Problem(f"{here}/assignees", "assignee_missing", "Somebody has to decide.")
        yield from _assignees(step.assignees, f"{here}/assignees")
        yield from _assignees(step.escalate_to, f"{here}/escalate_to")
        if step.due_days is not None and not 0 < step.due_days <= DUE_DAYS_MAX:
            detail = f"1 to {DUE_DAYS_MAX} days."
            yield Problem(f"{here}/due_days", "due_days_out_of_range", detail)
        elif step.escalate_to and step.due_days is None:
            detail = "It is escalated when it is overdue, so it needs days."
            yield Problem(f"{here}/due_days", "due_days_missing", detail)


def _assignees(assignees: Collection[Assignee], at: str) -> Iterator[Problem]:
    if len(assignees) > ASSIGNEES_MAX:
        yield Problem(at, "too_many", f"At most {ASSIGNEES_MAX}.")
    seen: set[str] = set()
    for index, each in enumerate(assignees):
        subject, permission = each.subject, each.permission
        if (subject is None) is (permission is None):
            detail = "A subject or a permission, and not both."
            yield Problem(f"{at}/{index}", "assignee_malformed", detail)
        elif subject is not None and not is_subject(subject):
            detail = "A subject is named as in tokens, such as user:anna."
            yield Problem(f"{at}/{index}", "assignee_malformed", detail)
        elif permission is not None and not _PERMISSION.fullmatch(permission):
            detail = "A permission is named as in tokens, such as invoices:approve."
            yield Problem(f"{at}/{index}", "assignee_malformed", detail)
        elif each.key in seen:
            yield Problem(f"{at}/{index}", "assignee_twice", "It is named before.")
        seen.add(each.key)
