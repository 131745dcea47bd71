"""What of a settlement is due when: by its document or by a plan, and what is noted as overdue."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Standing
from invx.contexts.invoicing.domain.schedule import Schedule


class Dues:
    """The schedule that counts, and how far it is noted as overdue.

    `planned_on` is when a plan took the place of the document's terms.
    """

    def __init__(self, schedule: Schedule, planned_on: date | None = None) -> None:
        self.schedule = schedule
        self.planned_on = planned_on
        self._noted: Decimal | None = None  # instalments up to here are noted

    def missed(
        self, standing: Standing, now: datetime
    ) -> tuple[Decimal, date | None, Standing] | None:
        """What is overdue in all, the day missed last, and where that leaves the claim.

        None when there is nothing that was not noted before.
        """
        parts = self.schedule.open_parts(standing.settled)
        passed = [each for each in parts if each.is_overdue(now)]
        if not passed or not standing.open or self._is_noted(passed[-1].until):
            return None
        amount = sum((each.open for each in passed), standing.open - standing.open)
        after = replace(
            standing,
            overdue_since=standing.overdue_since or now,
            late=amount if len(parts) > 1 else None,
        )
        return amount, passed[-1].due_date, after

    def note(self, standing: Standing, now: datetime) -> None:
        """What is overdue now is noted as such."""
        parts = self.schedule.open_parts(standing.settled)
        self._noted = max([each.until for each in parts if each.is_overdue(now)], default=None)

    def kept(self, standing: Standing) -> Standing:
        """The standing with what is open by now of the instalments that are noted as overdue."""
        if standing.late is None:
            return standing
        parts = self.schedule.open_parts(standing.settled)
        late = [each.open for each in parts if self._is_noted(each.until)]
        return replace(standing, late=sum(late, standing.open - standing.open))

    def _is_noted(self, until: Decimal) -> bool:
        return self._noted is not None and until <= self._noted
