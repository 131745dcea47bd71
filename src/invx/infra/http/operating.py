"""Who may call a route of the operator plane: declared on the route, like a permission.

Operators have tokens of their own audience, so that no token of a tenant opens the plane and no
token of an operator opens anything else. They are no offline matter: few requests come, and each
asks whether the operator still is one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi import Request
from fastapi.params import Depends
from starlette.types import Scope

from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.infra.http.declarations import Declaration
from invx.infra.http.permissions import caller_in, token_in
from invx.infra.http.request_info import KEY, RequestInfo
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller

AUDIENCE = "invx-operator"
LIFETIME = timedelta(minutes=15)  # without a refresh: then password and code are shown again

# Whether the caller is an operator at this moment. Raises InvalidToken.
StillActing = Callable[[Caller], Awaitable[None]]


class OperatorEntrance:
    """Verifies the tokens of operators."""

    def __init__(self, settings: AuthSettings, still_acting: StillActing) -> None:
        seconds = int(LIFETIME.total_seconds())
        self.verifier = Verifier(
            replace(settings, audience=AUDIENCE, token_lifetime_seconds_max=seconds)
        )
        self._still_acting = still_acting

    async def admit(self, info: RequestInfo) -> Caller:
        """Who asks. Raises Unauthenticated, InvalidToken, Unavailable."""
        principal = await self.verifier.verify(token_in(info))
        if principal.tenant_id != INSTALLATION:
            raise InvalidToken("The access token is no operator's.")
        caller = caller_in(info, principal)
        await self._still_acting(caller)
        return caller


@dataclass(frozen=True, slots=True)
class Operates:
    """The dependency behind `operates`."""

    async def __call__(self, request: Request) -> Caller:
        return await self.check(request.scope)

    async def check(self, scope: Scope) -> Caller:
        """The operator, verified once per request. Raises as `OperatorEntrance.admit`."""
        info: RequestInfo = scope[KEY]
        if info.caller is None:
            entrance: OperatorEntrance = scope["app"].state.operators
            info.caller = await entrance.admit(info)
        return info.caller

    @property
    def declaration(self) -> Declaration:
        return Declaration(operator=True, statuses=(401, 503))


def operates() -> Depends:
    """The operator, or 401.

    `caller: Annotated[Caller, operates()]`
    """
    return Depends(Operates())
