"""An operator: a user who runs the installation, beside what they are in any tenant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import OperatorNotFound
from invx.contexts.identity.domain.operator_events import (
    ActOfOperator,
    DefaultQuotaClassGiven,
    OperatorAppointed,
    OperatorRevoked,
    OperatorSignedIn,
    QuotaClassGiven,
    ResumptionOrdered,
    SuspensionOrdered,
    TenantAccessAsked,
    TenantAccessLeft,
    TenantEntered,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event


class Operator(Aggregate):
    """Appointed once; one who comes back is another."""

    user_id: UUID
    name: str | None
    appointed_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.asked: list[UUID] = []  # tenants, in the order in which they were asked first
        self.revoked_at: datetime | None = None

    @classmethod
    def appoint(cls, id: UUID, user_id: UUID, name: str, now: datetime) -> Self:
        """A new one."""
        operator = cls(id)
        operator.record(OperatorAppointed(user_id=user_id, name=name, appointed_at=now))
        return operator

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        operator = cls(id)
        operator.version = version
        operator.user_id, operator.name = state["user_id"], state["name"]
        operator.asked = list(state["asked"])
        operator.appointed_at, operator.revoked_at = state["appointed_at"], state["revoked_at"]
        return operator

    def sign_in(self, method: str, address: str | None, now: datetime) -> None:
        """Here they are. Raises OperatorNotFound for one who was revoked."""
        self._ensure_acting()
        self.record(
            OperatorSignedIn(user_id=self.user_id, method=method, address=address, signed_in_at=now)
        )

    def act(self, act: ActOfOperator) -> None:
        """What they are about to do. Raises OperatorNotFound for one who was revoked."""
        self._ensure_acting()
        self.record(act)

    def revoke(self, now: datetime) -> None:
        """No more; again changes nothing."""
        if self.revoked_at is None:
            self.record(OperatorRevoked(revoked_at=now))

    def _ensure_acting(self) -> None:
        if self.revoked_at is not None:
            raise OperatorNotFound

    def apply(self, event: Event) -> None:
        match event:
            case OperatorAppointed():
                self.user_id, self.name = event.user_id, event.name
                self.appointed_at = event.appointed_at
            case OperatorRevoked():
                self.revoked_at = event.revoked_at
            case TenantAccessAsked():
                if event.tenant_id not in self.asked:
                    self.asked = [*self.asked, event.tenant_id]
            case OperatorSignedIn() | SuspensionOrdered() | ResumptionOrdered():
                pass
            case DefaultQuotaClassGiven() | QuotaClassGiven():
                pass
            case TenantEntered() | TenantAccessLeft():
                pass
            case _:
                violated(f"an operator knows no {type(event).__name__}")
