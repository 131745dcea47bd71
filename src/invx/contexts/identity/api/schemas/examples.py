"""Example bodies of the identity API; a test sends each as it stands."""

from typing import Any

PASSWORD = "seven otters hum quietly"  # noqa: S105 - an example

SIGN_UP: dict[str, Any] = {
    "organization": "Kontor Nord GmbH",
    "name": "Ada Lund",
    "email": "ada@kontor-nord.example",
    "password": PASSWORD,
}
SIGN_IN: dict[str, Any] = {"email": "ada@kontor-nord.example", "password": PASSWORD}
NEW_PASSWORD: dict[str, Any] = {"old": PASSWORD, "password": "nine lanterns drift northward"}
ROLE: dict[str, Any] = {"role": "accountant"}

API_KEY: dict[str, Any] = {
    "name": "Web shop",
    "permissions": ["invoices:read", "invoices:write", "invoices:finalize"],
    "expires_at": "2099-12-31T00:00:00Z",
}
ROTATE: dict[str, Any] = {"overlap_hours": 48}
OWN_ROLE: dict[str, Any] = {
    "name": "Dunning",
    "permissions": ["invoices:read", "settlements:read", "settlements:write"],
    "approval_limit": {"EUR": "1000.00"},
}
INVITATION: dict[str, Any] = {"email": "bo@kontor-nord.example", "role": "sales"}
ACCEPT: dict[str, Any] = {
    "token": "invx_inv_" + "0" * 71,
    "name": "Bo Larsen",
    "password": "eleven kites above Elbe",
}
REFRESH: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": "invx_rt_…"}
SANDBOX: dict[str, Any] = {
    "name": "Nightly tests",
    "ttl_hours": 24,
    "clock": "2026-01-01T08:00:00Z",
}
CLOCK_BY: dict[str, Any] = {"by": "P1M"}
CLOCK_TO: dict[str, Any] = {"to": "2027-01-31T22:00:00Z"}
OPERATOR_SIGN_IN: dict[str, Any] = {
    "email": "jo@invx.example",
    "password": PASSWORD,
    "code": "287082",
}
REASON: dict[str, Any] = {"reason": "Unpaid since August; two reminders went out."}
QUOTA_CLASS: dict[str, Any] = {"quota_class": "standard"}
DEFAULTS = QUOTA_CLASS
SUPPORT_REQUEST: dict[str, Any] = {"reason": "Your ticket 4711: totals that look wrong."}
SUPPORT_GRANT: dict[str, Any] = {
    "request": "sup_01jb8z0000e008000000000001",
    "permissions": ["invoices:read", "tax:read"],
    "hours": 2,
}
ANNOUNCEMENT: dict[str, Any] = {
    "text": "Maintenance on Sunday from 02:00 to 02:30 UTC: nothing can be written.",
    "severity": "warning",
    "ends_at": "2099-12-31T00:00:00Z",
}
