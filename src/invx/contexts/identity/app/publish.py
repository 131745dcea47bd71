"""What the other contexts are told of an event, if anything."""

from datetime import datetime
from uuid import UUID

from invx.contexts.identity.domain.api_key_events import ApiKeyRevoked, ApiKeyRotated
from invx.contexts.identity.domain.authority import covers
from invx.contexts.identity.domain.client_events import ClientRemoved
from invx.contexts.identity.domain.member_events import MemberRemoved, MemberRoleChanged
from invx.contexts.identity.domain.role_events import RoleChanged, RoleContent
from invx.contexts.identity.domain.support_events import SupportEnded
from invx.contexts.identity.domain.tenant_events import (
    ConfigurationAsked,
    SandboxEnded,
    TenantBroughtIn,
    TenantChanged,
    TenantOpened,
)
from invx.contracts.identity import AccessReducedV1, TenantConfiguredLikeV1, TenantStatedV1
from invx.kernel.messages import Contract, Event


def contract_of(
    stream_id: UUID, version: int, recorded_at: datetime, event: Event
) -> Contract | None:
    """The contract behind an event of this stream, recorded at this moment of system time."""
    match event:
        case TenantOpened() | TenantChanged() | SandboxEnded() | TenantBroughtIn():
            entry = event.entry
            return TenantStatedV1(
                stated_tenant_id=stream_id,
                version=version,
                name=entry.name or "",  # gone with the tenant
                mode=entry.mode,
                status=entry.status,
                clock_offset_seconds=entry.clock_offset_seconds,
            )
        case ConfigurationAsked():
            return TenantConfiguredLikeV1(configured_tenant_id=stream_id, like=event.like)
        case MemberRoleChanged() | MemberRemoved() | ApiKeyRevoked() | ClientRemoved():
            return AccessReducedV1(not_before=recorded_at)
        case ApiKeyRotated() if event.ended_one:
            return AccessReducedV1(not_before=recorded_at)
        case SupportEnded() if event.had_begun:
            return AccessReducedV1(not_before=recorded_at)
        case RoleChanged() if _lost_something(event.before, event.after):
            return AccessReducedV1(not_before=recorded_at)
        case _:
            return None


def _lost_something(before: RoleContent, after: RoleContent) -> bool:
    """Whether tokens of before say too much."""
    fewer = set(before.permissions) - set(after.permissions)
    return bool(fewer) or not covers(after.approval_limit, before.approval_limit)
