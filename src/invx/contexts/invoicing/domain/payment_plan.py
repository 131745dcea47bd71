"""A payment plan: what is open is paid in parts that were agreed after the document was issued.

The document never changes (D1): a plan is a fact of its settlement, with its own history.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.schedule import DuePart, Schedule, plan_problems
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import PaymentPlanAgreed, PaymentPlanEnded
from invx.kernel.errors import Conflict, Invalid
from invx.kernel.money import quantize


class PaymentPlanInvalid(Invalid):
    """The plan does not pay what is open; `problems` names each field."""


class NoPaymentPlan(Conflict):
    """No payment plan counts for the document."""


def agree_plan(
    settlement: Settlement, parts: Sequence[DuePart], *, today: date, reason: str | None = None
) -> None:
    """What is open is due in these parts from now on; a plan before it counts no more.

    The same plan again changes nothing. Raises SettlementClosed, NothingOpen, PaymentPlanInvalid.
    """
    claim, standing = settlement.claim, settlement.standing
    if standing.voided:
        raise errors.SettlementClosed
    if not standing.open:
        raise errors.NothingOpen
    if problems := plan_problems(parts, total=standing.open, currency=claim.currency, today=today):
        raise PaymentPlanInvalid(problems=problems)
    exact = tuple([replace(part, amount=quantize(part.amount, claim.currency)) for part in parts])
    schedule = Schedule(exact, standing.settled)
    if settlement.dues.planned_on is not None and settlement.dues.schedule == schedule:
        return
    settlement.record(
        PaymentPlanAgreed(
            claim=claim,
            schedule=schedule,
            agreed_on=today,
            reason=reason,
            after=replace(standing, overdue_since=None, late=None),
            subject_id=settlement.subject_id,
        )
    )


def end_plan(settlement: Settlement, reason: str | None = None) -> None:
    """What is open is due as the document says, such as after a missed part. NoPaymentPlan."""
    if settlement.dues.planned_on is None:
        raise NoPaymentPlan
    after = replace(settlement.standing, overdue_since=None, late=None)
    settlement.record(
        PaymentPlanEnded(
            claim=settlement.claim,
            reason=reason,
            after=after,
            subject_id=settlement.subject_id,
        )
    )
