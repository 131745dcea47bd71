"""A user: one person with one address to sign in by, member of any number of tenants."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import UserNotFound
from invx.contexts.identity.domain.user_events import (
    PasswordChanged,
    PasswordRehashed,
    UserDisabled,
    UserErased,
    UserRegistered,
    UserRenamed,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import MalformedId, parse_typeid, typeid
from invx.kernel.messages import Event

USER, _ACTOR = "usr", "user:"


class UserStatus(StrEnum):
    """Whether the user may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"  # for good


def email_key(email: str) -> str:
    """What two addresses of one person have in common: compared, never shown.

    The part before the @ may differ by case only in theory (RFC 5321, 2.4); nobody does that.
    """
    return unicodedata.normalize("NFKC", email).strip().casefold()


def actor_of(user_id: UUID) -> str:
    """How a person is named in histories."""
    return f"{_ACTOR}{typeid(USER, user_id)}"


def user_in(actor: str) -> UUID | None:
    """The person of that name; None for what is no person."""
    if not actor.startswith(_ACTOR):
        return None
    try:
        return parse_typeid(USER, actor.removeprefix(_ACTOR))
    except MalformedId:
        return None


class User(Aggregate):
    """Its password's hash stands in the row and in no event."""

    email: str | None
    name: str | None
    language: str
    registered_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = UserStatus.ACTIVE
        self.password_hash: str | None = None  # None: signs in elsewhere (OpenID Connect)

    @classmethod
    def register(
        cls,
        id: UUID,
        *,
        email: str,
        name: str,
        language: str,
        password_hash: str | None,
        now: datetime,
    ) -> Self:
        """A new user. `password_hash` is what argon2id made of the password."""
        user = cls(id)
        user.record(
            UserRegistered(
                subject_id=id, email=email, name=name, language=language, registered_at=now
            )
        )
        user.password_hash = password_hash
        return user

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        user = cls(id)
        user.version = version
        user.email, user.name, user.language = state["email"], state["name"], state["language"]
        user.registered_at = state["registered_at"]
        user.status = UserStatus(state["status"])
        user.password_hash = state["password_hash"]
        return user

    @property
    def active(self) -> bool:
        return self.status is UserStatus.ACTIVE

    def rename(self, name: str) -> None:
        """Another name; the same changes nothing. Raises UserNotFound for one who was erased."""
        self._ensure_here()
        if name != self.name:
            self.record(UserRenamed(subject_id=self.id, before=self.name, after=name))

    def change_password(self, password_hash: str, now: datetime) -> None:
        """Another password. Raises UserNotFound for one who was erased."""
        self._ensure_here()
        self.record(PasswordChanged(changed_at=now))
        self.password_hash = password_hash

    def rehash(self, password_hash: str) -> None:
        """The same password, hashed by today's parameters. Raises UserNotFound likewise."""
        self._ensure_here()
        self.record(PasswordRehashed())
        self.password_hash = password_hash

    def disable(self, reason: str) -> None:
        """No more signing in; again changes nothing."""
        if self.active:
            self.record(UserDisabled(reason=reason))

    def erase(self, now: datetime) -> None:
        """Nothing of the person is left but the id; again changes nothing."""
        if self.status is not UserStatus.ERASED:
            self.record(UserErased(erased_at=now))

    def _ensure_here(self) -> None:
        if self.status is UserStatus.ERASED:
            raise UserNotFound

    def apply(self, event: Event) -> None:
        match event:
            case UserRegistered():
                self.email, self.name = event.email, event.name
                self.language, self.registered_at = event.language, event.registered_at
            case UserRenamed():
                self.name = event.after
            case PasswordChanged() | PasswordRehashed():
                pass
            case UserDisabled():
                self.status = UserStatus.DISABLED
            case UserErased():
                self.status = UserStatus.ERASED
                self.email = self.name = self.password_hash = None
            case _:
                violated(f"a user knows no {type(event).__name__}")
