"""Who may call a route: declared on the route, so that all can be listed and none is forgotten."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import Scope

from invx.infra.http.auth import Principal, Verifier
from invx.infra.http.declarations import (
    Declaration,
    declarations_of,
    dependencies_of,
    routes_of,
)
from invx.infra.http.request_info import KEY, RequestInfo
from invx.infra.http.route_table import Guard
from invx.infra.quotas import Admission
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden, Unauthenticated

_SCHEME = "bearer"


async def caller_of(scope: Scope) -> Caller:
    """Who asks, verified and let in once per request.

    Raises Unauthenticated, InvalidToken, TooManyRequests, Unavailable.
    """
    info: RequestInfo = scope[KEY]
    if info.caller is not None:
        return info.caller
    verifier: Verifier = scope["app"].state.verifier
    principal = await verifier.verify(token_in(info))
    info.tenant_id = principal.tenant_id
    admission: Admission | None = getattr(scope["app"].state, "admission", None)
    if admission is not None:
        info.tenant_class = await admission.label_of(principal.tenant_id)
        await admission.admit(principal.tenant_id)
    info.caller = caller_in(info, principal)
    return info.caller


def token_in(info: RequestInfo) -> str:
    """What the request shows. Raises Unauthenticated."""
    scheme, _, token = info.authorization.partition(" ")
    if scheme.lower() != _SCHEME or not token:
        raise Unauthenticated("Send an access token: Authorization: Bearer <token>.")
    return token.strip()


def caller_in(info: RequestInfo, principal: Principal) -> Caller:
    """Whom a verified token makes of the request."""
    info.tenant_id = principal.tenant_id
    return Caller(
        tenant_id=principal.tenant_id,
        actor=principal.subject,
        correlation_id=info.correlation_id,
        permissions=principal.permissions,
        approval_limit=principal.approval_limit,
        session_id=principal.session_id,
    )


@dataclass(frozen=True, slots=True)
class Requires:
    """The dependency behind `requires`."""

    permission: str

    async def __call__(self, request: Request) -> Caller:
        return await self.check(request.scope)

    async def check(self, scope: Scope) -> Caller:
        """The caller, if the token carries the permission. Raises Forbidden and what it takes."""
        caller = await caller_of(scope)
        if self.permission not in caller.permissions:
            raise Forbidden(f"This needs the permission {self.permission}.")
        return caller

    @property
    def declaration(self) -> Declaration:
        return Declaration(permission=self.permission, statuses=(401, 403, 429, 503))


@dataclass(frozen=True, slots=True)
class Public:
    """The dependency behind `public`."""

    async def __call__(self) -> None:
        """Everybody may."""

    @property
    def declaration(self) -> Declaration:
        return Declaration(public=True)


def requires(permission: str) -> Depends:
    """The verified caller, or 401, or 403.

    `caller: Annotated[Caller, requires("invoices:write")]`
    """
    return Depends(Requires(permission))


def public() -> Depends:
    """This route needs no token, on purpose: `dependencies=[public()]`."""
    return Depends(Public())


@runtime_checkable
class Checks(Protocol):
    """A dependency that says who may call."""

    async def check(self, scope: Scope) -> Caller:
        """The caller. Raises what the caller is to be told."""
        ...


def guard_of(route: APIRoute) -> Guard | None:
    """The check that a route declares, to be made before its body is read."""
    for dependency in dependencies_of(route):
        if isinstance(dependency, Checks):
            return dependency.check
    return None


def declared_permissions(app: FastAPI) -> dict[tuple[str, str], str]:
    """(method, path template) -> permission, for every route that needs one."""
    found = {}
    for route in routes_of(app):
        for declaration in declarations_of(route):
            if declaration.permission is not None and isinstance(route, APIRoute):
                for method in route.methods or ():
                    found[method, route.path] = declaration.permission
    return found


def undeclared_routes(app: FastAPI) -> list[str]:
    """Routes that say neither what they need nor that they are public. It has to be empty.

    An operator's route needs no permission: an operator may all of them.
    """
    missing = []
    for route in routes_of(app):
        declarations = declarations_of(route)
        if not any(each.public or each.operator or each.permission for each in declarations):
            methods = ",".join(sorted(getattr(route, "methods", None) or ())) or "*"
            missing.append(f"{methods} {getattr(route, 'path', route)}")
    return missing
