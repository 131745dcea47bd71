"""What an intruder tries on who may enter a tenant: members, invitations, roles, keys, acts."""

import httpx

from tests.integration.isolation.attempts import (
    Attempt,
    Request,
    at,
    found,
    nothing_found,
    nothing_told,
    only_own,
    ordinary,
)
from tests.integration.isolation.victims import Victim

ROLE = {"name": "Own", "permissions": ["files:read"]}
KEY = {"name": "Own", "permissions": ["files:read"]}


def no_person(response: httpx.Response, victim: Victim) -> bool:
    """One's own account is a person's; who asks here is none."""
    return response.status_code == 403 and nothing_told(response, victim)


def no_such_role(response: httpx.Response, victim: Victim) -> bool:
    """A role of another tenant is none."""
    unknown = response.status_code == 422 and response.json()["code"] == "role_unknown"
    return unknown and nothing_told(response, victim)


def _account(body: object = None) -> tuple[Attempt, ...]:
    return (Attempt(lambda v, o: Request(body), no_person, alike=True),)


ACCESS_ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    ("GET", "/v1/me"): _account(),
    ("DELETE", "/v1/me"): _account({"password": "x"}),
    ("PUT", "/v1/me/password"): _account({"old": "x", "password": "y"}),
    ("GET", "/v1/me/acts"): _account(),
    ("GET", "/v1/sessions"): _account(),
    ("DELETE", "/v1/sessions/{session}"): _account(),
    ("GET", "/v1/members"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("PUT", "/v1/members/{member}/role"): (at(role="accountant"),),
    ("DELETE", "/v1/members/{member}"): (at(),),
    ("GET", "/v1/invitations"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("POST", "/v1/invitations"): (
        Attempt(lambda v, o: Request({"email": "a@b.example", "role": v.role}), no_such_role),
    ),
    ("DELETE", "/v1/invitations/{invitation}"): (at(),),
    ("GET", "/v1/roles"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("POST", "/v1/roles"): (ordinary(ROLE),),
    ("GET", "/v1/roles/{role}"): (at(),),
    ("PUT", "/v1/roles/{role}"): (at(**{**ROLE, "name": "Geheimer"}),),
    ("DELETE", "/v1/roles/{role}"): (at(),),
    ("GET", "/v1/api-keys"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("GET", "/v1/api-keys/{api_key}"): (at(),),
    ("POST", "/v1/api-keys/{api_key}/rotate"): (at(overlap_hours=1),),
    ("DELETE", "/v1/api-keys/{api_key}"): (at(),),
    ("POST", "/v1/api-keys"): (ordinary(KEY),),
    ("GET", "/v1/support-grants"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("GET", "/v1/support-grants/{support_grant}"): (at(),),
    ("POST", "/v1/support-grants"): (
        Attempt(lambda v, o: Request({"request": v.support_grant}), no_person, alike=True),
    ),
    ("POST", "/v1/support-grants/{support_grant}/refuse"): (at(),),
    ("DELETE", "/v1/support-grants/{support_grant}"): (at(),),
    ("GET", "/v1/announcements"): (Attempt(lambda v, o: Request(), nothing_found, alike=True),),
    ("GET", "/v1/audit/acts"): (
        found(actor="member_actor"),
        found(actor="member_actor", type="member_entered"),
        Attempt(lambda v, o: Request(query={"limit": "1", "after": v.acts_cursor}), only_own, True),
    ),
    ("GET", "/v1/audit/acts/export"): (
        Attempt(lambda v, o: Request(query={"format": "jsonl"}), only_own, alike=True),
    ),
}
