"""The roles that every tenant has, and what they may do.

A role is a set of permissions; tokens carry the permissions, so no context knows a role.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

OWNER, ADMIN, ACCOUNTANT, SALES, VIEWER = "owner", "admin", "accountant", "sales", "viewer"

# What every person has, in whatever tenant: their own account.
PERSONAL_PERMISSIONS = frozenset(("me:read", "me:write"))

_BY_ROLE: dict[str, tuple[str, ...]] = {
    OWNER: ("*",),
    ADMIN: ("*",),
    ACCOUNTANT: (
        *("*:read", "invoices:export", "settlements:write", "tax:write", "rates:write"),
        *("accounting:*", "periods:*", "imports:write", "files:write", "operations:write"),
        *("series:hold", "invoices:correct", "invoices:approve"),
    ),
    SALES: (
        *("invoices:read", "invoices:write", "invoices:finalize", "invoices:transmit"),
        *("invoices:correct", "invoices:export", "settlements:read", "legal_entities:read"),
        *("series:read", "rates:read"),
        *("operations:*", "files:*", "analytics:read", "tax:read", "announcements:read"),
    ),
    VIEWER: ("*:read",),
}
# What only an owner may do: nobody takes the tenant away from its owners.
OWNERS_ONLY = frozenset(("tenant:close", "members:own"))
# Reading, but not for everybody who may look.
_CONFIDENTIAL = frozenset(
    (
        *("audit:read", "members:read", "api_keys:read", "oauth_clients:read", "roles:read"),
        "legal_holds:read",
        "support:read",
    )
)
_OF_BOOKS = frozenset(("audit:read", "legal_holds:read"))  # of these what an accountant reads
_WITH_CONFIDENTIAL = frozenset((OWNER, ADMIN))

ROLES = tuple(_BY_ROLE)


def permissions_of(role: str, known: Iterable[str]) -> frozenset[str]:
    """What a role of every tenant may do, of the permissions that there are."""
    granted = frozenset(
        each
        for each in known
        if any(fnmatchcase(each, pattern) for pattern in _BY_ROLE[role])
        and each not in PERSONAL_PERMISSIONS
    )
    if role != OWNER:
        granted -= OWNERS_ONLY
    if role == ACCOUNTANT:
        return granted - (_CONFIDENTIAL - _OF_BOOKS)
    return granted if role in _WITH_CONFIDENTIAL else granted - _CONFIDENTIAL
