"""A role that a tenant made itself, beside those that every tenant has (`domain/roles.py`)."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.authority import Authority, limit_in
from invx.contexts.identity.domain.errors import RoleNameTaken, RoleNotFound
from invx.contexts.identity.domain.role_events import (
    RoleChanged,
    RoleContent,
    RoleCreated,
    RoleRemoved,
)
from invx.contexts.identity.domain.roles import ROLES
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import MalformedId, parse_typeid, typeid
from invx.kernel.messages import Event

ROLE = "role"  # the prefix of its ids
ROLES_PER_TENANT_MAX = 50  # of its own


def name_key(name: str) -> str:
    """What two names have in common that people would take for one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def role_id_in(role: str) -> UUID | None:
    """The id of a tenant's own role, as members hold it; None for anything else."""
    try:
        return parse_typeid(ROLE, role)
    except MalformedId:
        return None


class Role(Aggregate):
    """Named uniquely within its tenant, as long as it is there."""

    content: RoleContent
    created_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.removed_at: datetime | None = None

    @classmethod
    def create(cls, id: UUID, content: RoleContent, now: datetime) -> Self:
        """A new one. Raises RoleNameTaken for the name of a role that every tenant has."""
        role = cls(id)
        _ensure_free(content.name)
        role.record(RoleCreated(content=content, created_at=now))
        return role

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        role = cls(id)
        role.version = version
        limit = limit_in(state["limit_currencies"], state["limit_amounts"])
        role.content = RoleContent(
            name=state["name"],
            permissions=tuple(state["permissions"]),
            approval_limit=None if limit is None else dict(limit),
        )
        role.created_at, role.removed_at = state["created_at"], state["removed_at"]
        return role

    @property
    def text(self) -> str:
        """How members hold it."""
        return typeid(ROLE, self.id)

    @property
    def authority(self) -> Authority:
        """What it may do."""
        return Authority(frozenset(self.content.permissions), self.content.approval_limit)

    def ensure_there(self) -> None:
        """Raises RoleNotFound for one that was removed."""
        if self.removed_at is not None:
            raise RoleNotFound

    def change(self, content: RoleContent, now: datetime) -> None:
        """Another name, permissions or limit; the same changes nothing.

        Raises RoleNotFound, RoleNameTaken.
        """
        self.ensure_there()
        _ensure_free(content.name)
        if content != self.content:
            self.record(RoleChanged(before=self.content, after=content, changed_at=now))

    def remove(self, now: datetime) -> None:
        """It is no more. Raises RoleNotFound."""
        self.ensure_there()
        self.record(RoleRemoved(before=self.content, removed_at=now))

    def apply(self, event: Event) -> None:
        match event:
            case RoleCreated():
                self.content, self.created_at = event.content, event.created_at
            case RoleChanged():
                self.content = event.after
            case RoleRemoved():
                self.removed_at = event.removed_at
            case _:
                violated(f"a role knows no {type(event).__name__}")


def _ensure_free(name: str) -> None:
    if name_key(name) in ROLES:
        raise RoleNameTaken
