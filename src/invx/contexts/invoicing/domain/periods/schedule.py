"""When months close by themselves: so many days after their end, on the tenant's clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.kernel.errors import Problem
from invx.rules.calendar.periods import add_months, end_of_month

DAYS_MAX = 366
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRule:
    """Each month is closed when `days` whole days have passed since its end."""

    kind: PeriodKind
    days: int
    hard: bool = False


def rules_problems(rules: Sequence[ClosingRule]) -> Iterator[Problem]:
    """Why months cannot close by these rules."""
    kinds = [rule.kind for rule in rules]
    for index, rule in enumerate(rules):
        if rule.kind in kinds[:index]:
            detail = f"There is a rule for {rule.kind} already."
            yield Problem(f"/period_closing/{index}/kind", "closing_rule_twice", detail)
        if not 0 <= rule.days <= DAYS_MAX:
            detail = f"0 to {DAYS_MAX} days."
            yield Problem(f"/period_closing/{index}/days", "closing_days_out_of_range", detail)


def closings_on(rules: Sequence[ClosingRule], today: date) -> list[Closing]:
    """What is to be closed by today, one for each rule: the last month that is due."""
    return [
        Closing(kind=rule.kind, through=_last_due(rule, today), hard=rule.hard) for rule in rules
    ]


def next_closing(rules: Sequence[ClosingRule], today: date) -> date | None:
    """The first day after today on which another month is due; None without rules."""
    return min((_due_on(rule, _after(_last_due(rule, today))) for rule in rules), default=None)


def _last_due(rule: ClosingRule, today: date) -> date:
    last = today.replace(day=1) - _DAY
    while _due_on(rule, last) > today:
        last = last.replace(day=1) - _DAY
    return last


def _due_on(rule: ClosingRule, last: date) -> date:
    return last + timedelta(days=rule.days + 1)


def _after(last: date) -> date:
    return end_of_month(add_months(last.replace(day=1), 1))
