"""How people prove who they are: a password, a code, and slowness for who guesses.

Failures are counted under three keys: the account, the network, and both together. From a network
where the person signed in before only the last counts, so that nobody is locked out by others.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

import structlog
from fastapi import Request

from invx.contexts.identity.adapters.passwords import Verified
from invx.contexts.identity.api.edge import Edge, stranger, whereabouts
from invx.contexts.identity.api.granting import hash_of
from invx.contexts.identity.app.note_failure import NoteFailure, note_failure
from invx.contexts.identity.app.spend_code import ShownCode
from invx.contexts.identity.domain.errors import CodeWrong, SignInRefused, SignInThrottled
from invx.contexts.identity.domain.totp import step_of
from invx.contexts.identity.domain.user import email_key
from invx.contexts.identity.read.queries import (
    Credentials,
    UserView,
    credentials,
    get_user,
    knows_network,
    wait_before_next,
)
from invx.contexts.identity.read.second_factors import SecondFactorView, second_factor
from invx.kernel.context import Caller

Keys = tuple[str, ...]
log = structlog.get_logger(__name__)
_BETWEEN = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose password was right, and the hash that it was verified with."""

    user_id: UUID
    password_hash: str
    new_hash: str | None
    keys: Keys


def key_of(kind: str, text: str) -> str:
    """Under which failures are counted: neither an account nor an address stands there."""
    return hashlib.sha256(f"{kind} {text}".encode()).hexdigest()


def keys_of(email: str, address: str | None) -> Keys:
    """Account, network, and both together."""
    account, network = key_of("account", email_key(email)), key_of("network", address or "")
    return account, network, key_of("both", f"{account} {network}")


async def ensure_no_wait(edge: Edge, caller: Caller, keys: Keys) -> None:
    """Raises SignInThrottled while the next attempt has to wait."""
    async with edge.runner.reading(caller) as (conn, ctx):
        wait = await wait_before_next(conn, ctx, keys)
    if wait > timedelta(0):
        raise SignInThrottled(wait_seconds=ceil(wait.total_seconds()))


@asynccontextmanager
async def counting(edge: Edge, caller: Caller, keys: Keys) -> AsyncIterator[None]:
    """A refusal inside counts as a failed attempt."""
    try:
        yield
    except (SignInRefused, CodeWrong) as refused:
        log.warning("sign_in_failed", code=refused.code, actor=caller.actor)
        await edge.runner.run(note_failure, NoteFailure(keys), caller)
        raise


async def recognised(edge: Edge, request: Request, email: str, password: str) -> Recognised:
    """Who has this password. Raises SignInThrottled, SignInRefused; both take as long.

    What is wrong of address and password is not said, and nobody can tell it by the time.
    """
    caller = stranger(request)
    address, _ = whereabouts(request)
    keys = keys_of(email, address)
    found, known = await _found(edge, caller, email, address)
    await ensure_no_wait(edge, caller, keys[2:] if known else keys)
    verified = await _verified(edge, found.password_hash if found else None, password)
    async with counting(edge, caller, keys):
        if found is None or found.password_hash is None or not found.active:
            raise SignInRefused
        if not verified.right:
            raise SignInRefused
    return Recognised(found.user_id, found.password_hash, verified.new_hash, keys)


async def recognised_again(
    edge: Edge, request: Request, inside: Caller, user_id: UUID, password: str
) -> tuple[UserView, Recognised]:
    """A person who is signed in shows the password again, before something important changes.

    Raises SignInThrottled, SignInRefused.
    """
    address, _ = whereabouts(request)
    async with edge.runner.reading(inside) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
    keys = keys_of(user.email or "", address)
    await ensure_no_wait(edge, inside, keys[2:])  # whoever has the token was recognised once
    async with edge.runner.reading(inside) as (conn, ctx):
        found = await credentials(conn, ctx, email_key(user.email or ""))
    async with counting(edge, inside, keys):
        stored = found.password_hash if found else None
        verified = await _verified(edge, stored, password)
        if stored is None or not verified.right:
            raise SignInRefused
    return user, Recognised(user_id, stored, verified.new_hash, keys)


async def shown_code(
    edge: Edge, caller: Caller, user_id: UUID, code: str | None
) -> ShownCode | None:
    """What a code is, compared with the person's secret; None where there is no code."""
    if not code:
        return None
    async with edge.runner.reading(caller) as (conn, ctx):
        factor = await second_factor(conn, ctx, user_id)
    step = step_in(edge, user_id, factor, code) if factor and factor.active else None
    return ShownCode(step, None if step is not None else recovery_hash(code))


def step_in(edge: Edge, user_id: UUID, factor: SecondFactorView, code: str) -> int | None:
    """The step that the code belongs to, now; None if to none."""
    text = edge.access.secrets.decrypt(factor.encrypted_secret, about=about_totp(user_id))
    secret = base64.b32decode(text)
    return step_of(secret, code, int(edge.runner.clock.now().timestamp()))


def about_totp(user_id: UUID) -> str:
    """What the encrypted secret is bound to."""
    return f"totp {user_id}"


def recovery_hash(code: str) -> str:
    """By which a recovery code is known, however its groups are written."""
    return hash_of(_BETWEEN.sub("", code).lower())


async def _found(
    edge: Edge, caller: Caller, email: str, address: str | None
) -> tuple[Credentials | None, bool]:
    """Who signs in by this address, and whether they were here before."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await credentials(conn, ctx, email_key(email))
        user_id = found.user_id if found else UUID(int=0)  # asked all the same: as many questions
        return found, await knows_network(conn, ctx, user_id, address)


async def _verified(edge: Edge, stored: str | None, password: str) -> Verified:
    return await asyncio.shield(edge.passwords.verify(stored, password))
