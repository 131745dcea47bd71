"""A provider vouches for somebody: which user that is."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import SignInRefused
from invx.contexts.identity.domain.linked_identity import LinkedIdentity, linked_identity_id
from invx.contexts.identity.domain.user import User, email_key
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniseVouched(Command):
    """`email` is None unless the provider verified it."""

    issuer: str
    subject: str
    email: str | None


async def recognise_vouched(command: RecogniseVouched, uow: IdentityUnitOfWork) -> User:
    """The user, linked by their address the first time and by the provider's own name afterwards.

    Raises SignInRefused for who has no account here, and for an address that belonged to another
    account of the provider before.
    """
    linked = await uow.linked_identities.by_subject(command.issuer, command.subject)
    if linked is not None:
        return _active(await uow.users.get(linked.user_id))
    if command.email is None:
        raise SignInRefused
    user = await uow.users.by_email(email_key(command.email))
    if user is None:
        raise SignInRefused
    id = linked_identity_id(_active(user).id, command.issuer)
    if await uow.linked_identities.find(id) is not None:
        raise SignInRefused
    uow.linked_identities.add(
        LinkedIdentity.link(
            user.id, issuer=command.issuer, subject=command.subject, now=uow.ctx.now
        )
    )
    return user


def _active(user: User) -> User:
    if not user.active:
        raise SignInRefused
    return user
