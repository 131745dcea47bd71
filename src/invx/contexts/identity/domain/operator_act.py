"""An operator's act on a tenant as a whole, from when it is begun; kept in the installation."""

from typing import Self
from uuid import UUID

from invx.contexts.identity.domain.operator_act_events import OperatorActBegun, OperatorActEnded
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, NotFound, violated
from invx.kernel.messages import Event

DONE, REFUSED = "done", "refused"


class OperatorActNotFound(NotFound):
    """There is no such act of an operator."""


class OperatorActOver(Conflict):
    """The act has come to its end already."""


class OperatorAct(Aggregate):
    """Who did it is the actor of its events, when is their time."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.outcome: str | None = None

    @classmethod
    def begin(cls, id: UUID, act: str, of_tenant: UUID, detail: str) -> Self:
        """Before anything of it is done, so that one that is broken off leaves its trace too."""
        begun = cls(id)
        begun.record(OperatorActBegun(act=act, of_tenant=of_tenant, detail=detail))
        return begun

    def end(self, outcome: str, detail: str) -> None:
        """Say what became of it. Raises OperatorActOver."""
        if self.outcome is not None:
            raise OperatorActOver
        self.record(OperatorActEnded(outcome=outcome, detail=detail))

    def apply(self, event: Event) -> None:
        match event:
            case OperatorActBegun():
                pass  # the event is all that there is to know
            case OperatorActEnded():
                self.outcome = event.outcome
            case _:
                violated(f"an operator's act knows no {type(event).__name__}")
