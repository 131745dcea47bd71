"""The repositories of the operator plane over their tables."""

from collections.abc import Sequence
from uuid import UUID

from invx.contexts.identity.domain.announcement import Announcement
from invx.contexts.identity.domain.errors import (
    AnnouncementNotFound,
    OperatorNotFound,
    SupportGrantNotFound,
)
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.support import SupportGrant
from invx.infra.row_store import RowRepository
from invx.infra.unit_of_work import EventUnitOfWork


class PostgresOperators(RowRepository[Operator]):
    """See `app.ports_of_operators.Operators`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(
            Operator, unit, table="operators", key="operator_id", missing=OperatorNotFound
        )

    async def of_user(self, user_id: UUID) -> Operator | None:
        """What this user is now, if they are one."""
        return await self.find_by("t.user_id = $2 AND t.revoked_at IS NULL", user_id)


class PostgresSupportGrants(RowRepository[SupportGrant]):
    """See `app.ports_of_operators.SupportGrants`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(
            SupportGrant,
            unit,
            table="support_grants",
            key="support_grant_id",
            missing=SupportGrantNotFound,
        )

    async def open_of(self, operator_id: UUID) -> Sequence[SupportGrant]:
        """Those of the operator that have not ended by a decision."""
        return await self.find_all_by("t.operator_id = $2 AND t.ended_at IS NULL", operator_id)


def announcements(unit: EventUnitOfWork) -> RowRepository[Announcement]:
    """What tenants are told."""
    return RowRepository(
        Announcement,
        unit,
        table="announcements",
        key="announcement_id",
        missing=AnnouncementNotFound,
    )
