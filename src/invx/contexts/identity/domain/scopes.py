"""What an OAuth client may be allowed: permissions, but none that would let it outgrow them."""

from collections.abc import Iterable

from invx.contexts.identity.domain.roles import PERSONAL_PERMISSIONS

# A client that could make keys, clients or owners, or let operators in, would keep its access after
# it was taken away.
_NEVER = frozenset(("members:own", "tenant:close"))
_NEVER_OF = ("api_keys:", "oauth_clients:", "roles:", "support:")


def grantable(known: Iterable[str]) -> frozenset[str]:
    """The permissions that can be the scope of a client, of those that there are."""
    return frozenset(
        each
        for each in known
        if each not in PERSONAL_PERMISSIONS
        and each not in _NEVER
        and not each.startswith(_NEVER_OF)
    )
