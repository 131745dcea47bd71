"""`invx operator …`: who runs this installation through the API."""

import sys
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from invx.cli.ground import ArgumentInvalid, console, open_host, out, with_place
from invx.contexts.identity.app.appoint_operator import AppointOperator, appoint_operator
from invx.contexts.identity.app.end_support import EndSupport, end_support
from invx.contexts.identity.app.revoke_operator import RevokeOperator, revoke_operator
from invx.contexts.identity.read.operators import OperatorView, list_operators
from invx.infra.context import Context
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import INSTALLATION, Directory, TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid, typeid
from invx.place import Place, directories

OPERATOR, TENANT = "opr", "tnt"
_ACTOR = "system:cli"


def create(
    email: Annotated[str, typer.Argument(help="By which they sign in.")],
    name: Annotated[str, typer.Option(help="What tenants are shown when access is asked for.")],
    new: Annotated[
        bool, typer.Option("--new", help="They have no account: asks for a password.")
    ] = False,
) -> None:
    """Let somebody run this installation. They sign in with a password and a second factor.

    The password of a new account is asked for, or read from standard input where that is no
    terminal.
    """
    if "@" not in email:
        raise ArgumentInvalid(f"{email!r} is no email address.")
    password = _asked() if new else None

    async def work(place: Place) -> None:
        async with open_host(place, "identity") as host:
            identity = host.contexts["identity"]
            hashed = None
            if password is not None:
                await identity.edge.passwords.ensure_strong(password, (email, name))
                hashed = await identity.edge.passwords.hash(password)
            command = AppointOperator(email.strip(), name, hashed)
            operator = await identity.runner.run(appoint_operator, command, _caller())
        out.print(typeid(OPERATOR, operator.id))
        console.print(
            "Sign in at POST /v1/sessions, set up a second factor with POST /v1/me/totp unless"
            " there is one, then sign in at POST /operator/v1/sessions."
        )

    with_place(work)


def list_() -> None:
    """All operators there were: id, address, since when, until when, and whether they can act."""

    async def work(place: Place) -> list[OperatorView]:
        async with (
            open_host(place, "identity") as host,
            host.contexts["identity"].runner.reading(_caller()) as (conn, ctx),
        ):
            return await list_operators(conn, ctx)

    found = with_place(work)
    for each in found:
        state = "can act" if each.has_factor else "has no second factor: cannot sign in yet"
        if each.revoked_at is not None:
            state = f"revoked {each.revoked_at:%Y-%m-%d}"
        since = f"since {each.appointed_at:%Y-%m-%d}"
        named = (each.email or "", each.name or "", since, state)
        out.print(typeid(OPERATOR, each.operator_id), *named, sep="  ")
    console.print(f"{len(found)} operators")


def revoke(operator: Annotated[str, typer.Argument(help="opr_….")]) -> None:
    """Let somebody run this installation no more: at once, also in tenants that let them in.

    Cut off, run it again.
    """
    operator_id = parse_typeid(OPERATOR, operator)

    async def work(place: Place) -> None:
        async with open_host(place, "identity") as host:
            identity = host.contexts["identity"]
            revoked = await identity.runner.run(
                revoke_operator, RevokeOperator(operator_id), _caller()
            )
            for tenant_id in revoked.asked:
                inside = Caller(tenant_id, _ACTOR, Uuid7Ids().new())
                await _end_in(identity, directories(host.pools), inside, operator_id)
        out.print(f"{operator} is an operator no more.")

    with_place(work)


async def _end_in(
    identity: Context, every: Sequence[Directory], inside: Caller, operator_id: UUID
) -> None:
    """End what the operator has there; in a suspended tenant the tokens that are out, at once."""
    named = typeid(TENANT, inside.tenant_id)
    try:
        await identity.runner.run(end_support, EndSupport(operator_id), inside)
    except UnknownTenant as gone:
        console.print(f"{named}: {gone.detail}")
    except TenantClosed:
        now = identity.runner.clock.now()
        for each in every:
            await each.refuse_tokens_before(inside.tenant_id, now)
        console.print(f"{named} is suspended: its older tokens are refused; the grant ends later.")


def _caller() -> Caller:
    return Caller(INSTALLATION, _ACTOR, Uuid7Ids().new())


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
