"""Rows of identity: each aggregate states its own, with what no event says."""

from collections.abc import Callable
from typing import Any

from invx.contexts.identity.domain.announcement import STATE as ANNOUNCED
from invx.contexts.identity.domain.announcement import Announcement
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.authority import limit_columns
from invx.contexts.identity.domain.client import Client
from invx.contexts.identity.domain.invitation import Invitation
from invx.contexts.identity.domain.linked_identity import LinkedIdentity
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.operator_act import OperatorAct
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.role import Role, name_key
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.support import STATE as GRANTED
from invx.contexts.identity.domain.support import SupportGrant
from invx.contexts.identity.domain.tenant import Tenant
from invx.contexts.identity.domain.user import User, email_key
from invx.infra.event_store import Recorded
from invx.infra.unit_of_work import Rows
from invx.kernel.errors import violated


def project(recorded: Recorded, rows: Rows) -> None:
    """State the row of the aggregate, once, with the command's last event."""
    aggregate = recorded.aggregate
    if isinstance(aggregate, OperatorAct):
        return  # rare, and read as the events that they are
    if recorded.version != aggregate.version:
        return
    stated = _ROW_OF.get(type(aggregate))
    if stated is None:
        violated(f"nothing is known of {type(aggregate).__name__}")
    table, key, row_of = stated
    rows.put(table, {key: aggregate.id}, row_of(aggregate))


def _user(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "email_key": email_key(user.email) if user.email else None,
        "name": user.name,
        "language": user.language,
        "status": str(user.status),
        "password_hash": user.password_hash,
        "registered_at": user.registered_at,
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "user_id": session.user_id,
        "method": session.method,
        "address": session.address,
        "user_agent": session.user_agent,
        "opened_at": session.opened_at,
        "expires_at": session.expires_at,
        "revoked_at": session.revoked_at,
        "reason": session.reason,
        "client": session.client,
        "into_tenant": session.grant.into if session.grant else None,
        "scope": " ".join(session.grant.scopes) if session.grant else None,
    }


def _organization(organization: Organization) -> dict[str, Any]:
    return {
        "name": organization.name,
        "owner_id": organization.owner_id,
        "founded_at": organization.founded_at,
    }


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {
        "organization_id": tenant.organization_id,
        "name": tenant.entry.name or "",
        "mode": tenant.entry.mode,
        "status": tenant.entry.status,
        "clock_offset_seconds": tenant.entry.clock_offset_seconds,
        "sandbox_of": tenant.sandbox_of,
        "opened_at": tenant.opened_at,
        "ends_at": tenant.ends_at,
        "advance_id": tenant.advance_id,
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "seated_at": member.seated_at,
        "removed_at": member.removed_at,
    }


def _api_key(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "mode": key.mode,
        "permissions": sorted(key.authority.permissions),
        **limit_columns(key.authority.approval_limit),
        "hint": key.hint,
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "secret_hash": key.secret_hash,
        "previous_hash": key.previous_hash,
        "previous_until": key.previous_until,
        "rotated_at": key.rotated_at,
        "revoked_at": key.revoked_at,
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "name": role.content.name,
        "name_key": name_key(role.content.name),
        "permissions": list(role.content.permissions),
        **limit_columns(role.content.approval_limit),
        "created_at": role.created_at,
        "removed_at": role.removed_at,
    }


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "email": invitation.email if invitation.is_open else None,
        "role": invitation.role,
        "token_hash": invitation.token_hash,
        "invited_by": invitation.invited_by,
        "made_at": invitation.made_at,
        "expires_at": invitation.expires_at,
        "accepted_at": invitation.accepted_at,
        "accepted_by": invitation.accepted_by,
        "withdrawn_at": invitation.withdrawn_at,
    }


def _client(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "kind": client.kind,
        "redirect_uris": list(client.redirect_uris),
        "scopes": list(client.scopes),
        "secret_hash": client.secret_hash,
        "registered_at": client.registered_at,
        "removed_at": client.removed_at,
    }


def _linked_identity(linked: LinkedIdentity) -> dict[str, Any]:
    return {
        "user_id": linked.user_id,
        "issuer": linked.issuer,
        "subject": linked.subject,
        "linked_at": linked.linked_at,
    }


def _second_factor(factor: SecondFactor) -> dict[str, Any]:
    return {
        "user_id": factor.user_id,
        "encrypted_secret": factor.encrypted_secret,
        "offered_at": factor.offered_at,
        "confirmed_at": factor.confirmed_at,
    }


def _operator(operator: Operator) -> dict[str, Any]:
    return {
        "user_id": operator.user_id,
        "name": operator.name,
        "asked": operator.asked,
        "appointed_at": operator.appointed_at,
        "revoked_at": operator.revoked_at,
    }


def _announcement(announcement: Announcement) -> dict[str, Any]:
    return {name: getattr(announcement, name) for name in ANNOUNCED}


def _support_grant(grant: SupportGrant) -> dict[str, Any]:
    stated = {name: getattr(grant, name) for name in GRANTED}
    return {**stated, "permissions": list(grant.permissions)}


_ROW_OF: dict[type, tuple[str, str, Callable[[Any], dict[str, Any]]]] = {
    User: ("users", "user_id", _user),
    Session: ("sessions", "session_id", _session),
    Organization: ("organizations", "organization_id", _organization),
    Tenant: ("opened_tenants", "opened_tenant_id", _tenant),
    Member: ("members", "member_id", _member),
    ApiKey: ("api_keys", "api_key_id", _api_key),
    Role: ("roles", "role_id", _role),
    Invitation: ("invitations", "invitation_id", _invitation),
    Client: ("oauth_clients", "client_id", _client),
    LinkedIdentity: ("linked_identities", "linked_identity_id", _linked_identity),
    Operator: ("operators", "operator_id", _operator),
    Announcement: ("announcements", "announcement_id", _announcement),
    SupportGrant: ("support_grants", "support_grant_id", _support_grant),
    SecondFactor: ("second_factors", "factor_id", _second_factor),
}
KINDS = (*_ROW_OF, OperatorAct)
