"""Programs of another tenant, and accounts of people, which are nobody's but theirs."""

import httpx

from tests.integration.isolation.attempts import (
    Attempt,
    Request,
    at,
    missing,
    nothing_found,
    nothing_told,
    only_own,
)
from tests.integration.isolation.victims import Victim

PROGRAM = {"name": "Own", "type": "confidential", "scopes": ["invoices:read"]}
_PASSWORD = {"password": "guess"}


def own_account_only(response: httpx.Response, victim: Victim) -> bool:
    """No path names an account: it is that of the token, and programs have none."""
    return response.status_code == 403 and nothing_told(response, victim)


def on_oneself(**body: str) -> tuple[Attempt, ...]:
    """On the account of whoever asks."""
    return (Attempt(lambda v, o: Request(body), own_account_only, alike=True),)


def at_sandbox(**body: object) -> Attempt:
    """On the victim's tenant itself. The victim is not of an organization either."""
    return Attempt(
        lambda v, o: Request(body or None, ids={"sandbox": v.tenant}), missing, alike=True
    )


def no_organization(response: httpx.Response, victim: Victim) -> bool:
    """Who asks here is of none; tests/integration/identity/test_sandboxes.py asks as others."""
    return response.status_code == 409 and nothing_told(response, victim)


SANDBOX = {"name": "Own"}
OAUTH_ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    ("POST", "/v1/oauth-clients"): (Attempt(lambda v, o: Request(PROGRAM), only_own, alike=True),),
    ("GET", "/v1/oauth-clients"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("GET", "/v1/oauth-clients/{oauth_client}"): (at(),),
    ("DELETE", "/v1/oauth-clients/{oauth_client}"): (at(),),
    ("GET", "/v1/sandboxes"): (Attempt(lambda v, o: Request(), nothing_found, alike=True),),
    ("POST", "/v1/sandboxes"): (
        Attempt(lambda v, o: Request(SANDBOX), no_organization, alike=True),
        Attempt(
            lambda v, o: Request({**SANDBOX, "configured_like": v.tenant}),
            no_organization,
            alike=True,
        ),
    ),
    ("GET", "/v1/sandboxes/{sandbox}"): (at_sandbox(),),
    ("DELETE", "/v1/sandboxes/{sandbox}"): (at_sandbox(),),
    ("POST", "/v1/sandboxes/{sandbox}/api-keys"): (
        at_sandbox(name="Own", permissions=["invoices:read"]),
    ),
    ("POST", "/v1/sandboxes/{sandbox}/clock"): (at_sandbox(by="P1D"),),
    ("GET", "/v1/sandboxes/{sandbox}/clock/{operation}"): (at_sandbox(),),
    ("POST", "/v1/sandboxes/{sandbox}/clock/{operation}/cancel"): (at_sandbox(),),
    ("POST", "/v1/sandboxes/{sandbox}/clock/{operation}/resume"): (at_sandbox(),),
    ("POST", "/v1/me/totp"): on_oneself(**_PASSWORD),
    ("POST", "/v1/me/totp/confirm"): on_oneself(code="000000"),
    ("POST", "/v1/me/totp/remove"): on_oneself(**_PASSWORD, code="000000"),
    ("POST", "/v1/me/recovery-codes"): on_oneself(**_PASSWORD),
}
