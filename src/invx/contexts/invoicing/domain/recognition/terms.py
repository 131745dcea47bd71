"""How the revenue of a line is recognised, as its author states it, and what is wrong with that."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from invx.kernel.errors import Problem

MILESTONES_MAX = 50
HUNDRED = Decimal(100)


class Method(StrEnum):
    """When revenue counts as earned (§ 252 (1) no. 4 HGB; IFRS 15.31 to 45)."""

    ON_ISSUE = "on_issue"
    STRAIGHT_LINE = "straight_line"  # day by day over the service period
    MILESTONE = "milestone"  # part by part, when each is reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A part of a line that is earned when somebody says that it is reached."""

    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionTerms:
    """How the revenue of a line is recognised. It changes no figure of the document."""

    method: Method = Method.ON_ISSUE
    milestones: tuple[Milestone, ...] = ()


def recognition_problems(
    terms: RecognitionTerms, at: str, period: tuple[date | None, date | None]
) -> Iterator[Problem]:
    """What is wrong with the terms, by field; `period` is the line's, else the document's."""
    if terms.method is Method.STRAIGHT_LINE and None in period:
        detail = "Straight-line needs a service period with its first and its last day."
        yield Problem(f"{at}/method", "service_period_missing", detail)
    if terms.method is not Method.MILESTONE:
        if terms.milestones:
            detail = "Milestones belong to the method milestone."
            yield Problem(f"{at}/milestones", "not_for_this_method", detail)
        return
    if not 1 <= len(terms.milestones) <= MILESTONES_MAX:
        yield Problem(f"{at}/milestones", "out_of_range", f"From 1 to {MILESTONES_MAX}.")
    names: set[str] = set()
    for index, each in enumerate(terms.milestones):
        if not 0 < each.percent <= HUNDRED:
            detail = "Above 0 and at most 100 percent."
            yield Problem(f"{at}/milestones/{index}/percent", "out_of_range", detail)
        if each.name in names:
            detail = "Another milestone has this name."
            yield Problem(f"{at}/milestones/{index}/name", "milestone_twice", detail)
        names.add(each.name)
    if terms.milestones and sum(each.percent for each in terms.milestones) != HUNDRED:
        detail = "The milestones make 100 percent."
        yield Problem(f"{at}/milestones", "not_100_percent", detail)
