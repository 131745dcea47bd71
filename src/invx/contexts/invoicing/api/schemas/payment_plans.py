"""Payment plans: what is open is paid in parts that are agreed later."""

from typing import Annotated

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import Day, In, Positive, Text
from invx.contexts.invoicing.domain.schedule import PLAN_PARTS_MAX


class PlannedPartIn(In):
    """A part of what is open, and the day by which it is to be paid."""

    due_date: Day
    amount: Positive | None = Field(
        None, description="The last part may leave it out: it takes the rest."
    )


class PaymentPlanIn(In):
    """What is open, in parts by due date."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PAYMENT_PLAN]})

    instalments: Annotated[list[PlannedPartIn], Field(min_length=1, max_length=PLAN_PARTS_MAX)]
    reason: Text | None = None


class PlanEndedIn(In):
    """The plan counts no more."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PLAN_ENDED]})

    reason: Text | None = None
