"""A second factor: an app that shows codes (TOTP), and recovery codes for when it is lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import SecondFactorActive, SecondFactorNotFound
from invx.contexts.identity.domain.second_factor_events import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    TotpConfirmed,
    TotpOffered,
    TotpRemoved,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


def second_factor_id(user_id: UUID) -> UUID:
    """A user has one at most, however often it is offered."""
    return named_id(user_id, "second factor")


class SecondFactor(Aggregate):
    """Offered, then confirmed; removed, it may be offered again with another secret."""

    user_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.encrypted_secret: str | None = None  # in the row, and in no event
        self.offered_at: datetime | None = None
        self.confirmed_at: datetime | None = None

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        factor = cls(id)
        factor.version = version
        factor.user_id = state["user_id"]
        factor.encrypted_secret = state["encrypted_secret"]
        factor.offered_at, factor.confirmed_at = state["offered_at"], state["confirmed_at"]
        return factor

    @property
    def active(self) -> bool:
        """Whether signing in takes a code."""
        return self.confirmed_at is not None

    def offer(self, user_id: UUID, encrypted_secret: str, now: datetime) -> None:
        """Show a new secret; one that was not confirmed is forgotten. Raises SecondFactorActive."""
        if self.active:
            raise SecondFactorActive
        self.record(TotpOffered(user_id=user_id, offered_at=now))
        self.encrypted_secret = encrypted_secret

    def confirm(self, encrypted_secret: str, now: datetime) -> None:
        """A code of this secret was shown. Raises SecondFactorActive, SecondFactorNotFound."""
        if self.active:
            raise SecondFactorActive
        if self.encrypted_secret != encrypted_secret:  # another one was offered meanwhile
            raise SecondFactorNotFound
        self.record(TotpConfirmed(confirmed_at=now))

    def make_codes(self, count: int, now: datetime) -> None:
        """There are new recovery codes. Raises SecondFactorNotFound."""
        self._ensure_active()
        self.record(RecoveryCodesMade(count=count, made_at=now))

    def recover(self, left: int, now: datetime) -> None:
        """A recovery code was used; so many are left."""
        self._ensure_active()
        self.record(RecoveryCodeUsed(left=left, used_at=now))

    def remove(self, now: datetime) -> None:
        """No more codes. Raises SecondFactorNotFound."""
        self._ensure_active()
        self.record(TotpRemoved(removed_at=now))
        self.encrypted_secret = None

    def _ensure_active(self) -> None:
        if not self.active:
            raise SecondFactorNotFound

    def apply(self, event: Event) -> None:
        match event:
            case TotpOffered():
                self.user_id, self.offered_at = event.user_id, event.offered_at
            case TotpConfirmed():
                self.confirmed_at = event.confirmed_at
            case TotpRemoved():
                self.offered_at = self.confirmed_at = None
            case RecoveryCodesMade() | RecoveryCodeUsed():
                pass
            case _:
                violated(f"a second factor knows no {type(event).__name__}")
