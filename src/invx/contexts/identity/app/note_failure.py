"""A sign-in failed: count it, so that guessing gets slow."""

from collections.abc import Sequence
from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class NoteFailure(Command):
    """Under the keys of the account and of the network."""

    keys: Sequence[str]


async def note_failure(command: NoteFailure, uow: IdentityUnitOfWork) -> None:
    """One more failure for each key."""
    await uow.attempts.failed(command.keys, uow.ctx.now)
