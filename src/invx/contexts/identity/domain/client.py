"""An OAuth client: a program that gets tokens, in the name of people or in its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.client_events import ClientRegistered, ClientRemoved
from invx.contexts.identity.domain.errors import ClientInvalid
from invx.contexts.identity.domain.redirects import wrong_with
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Problem, violated
from invx.kernel.messages import Event

PUBLIC, CONFIDENTIAL = "public", "confidential"  # RFC 6749, 2.1
KINDS = (PUBLIC, CONFIDENTIAL)


class Client(Aggregate):
    """Registered by a tenant; people of any tenant may let it in. It never changes."""

    name: str
    kind: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    registered_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.secret_hash: str | None = None  # in the row, and in no event
        self.removed_at: datetime | None = None

    @classmethod
    def register(
        cls,
        id: UUID,
        *,
        name: str,
        kind: str,
        redirect_uris: Sequence[str],
        scopes: Sequence[str],
        secret_hash: str | None,
        now: datetime,
    ) -> Self:
        """A new one. Raises ClientInvalid, naming each redirect URI that cannot be used."""
        if problems := _problems(kind, redirect_uris):
            raise ClientInvalid(problems=problems)
        if (secret_hash is None) is not (kind == PUBLIC):
            violated("a confidential client has a secret, a public one has none")
        client = cls(id)
        client.record(
            ClientRegistered(
                name=name,
                kind=kind,
                redirect_uris=tuple(redirect_uris),
                scopes=tuple(sorted(set(scopes))),
                registered_at=now,
            )
        )
        client.secret_hash = secret_hash
        return client

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        client = cls(id)
        client.version = version
        client.name, client.kind = state["name"], state["kind"]
        client.redirect_uris = tuple(state["redirect_uris"])
        client.scopes = tuple(state["scopes"])
        client.secret_hash = state["secret_hash"]
        client.registered_at, client.removed_at = state["registered_at"], state["removed_at"]
        return client

    def remove(self, now: datetime) -> None:
        """No more tokens; again changes nothing."""
        if self.removed_at is None:
            self.record(ClientRemoved(removed_at=now))
            self.secret_hash = None

    def apply(self, event: Event) -> None:
        match event:
            case ClientRegistered():
                self.name, self.kind = event.name, event.kind
                self.redirect_uris, self.scopes = event.redirect_uris, event.scopes
                self.registered_at = event.registered_at
            case ClientRemoved():
                self.removed_at = event.removed_at
            case _:
                violated(f"a client knows no {type(event).__name__}")


def _problems(kind: str, redirect_uris: Sequence[str]) -> list[Problem]:
    public = kind == PUBLIC
    found = [
        Problem(f"/redirect_uris/{number}", "redirect_uri_invalid", wrong)
        for number, uri in enumerate(redirect_uris)
        if (wrong := wrong_with(uri, public=public)) is not None
    ]
    if public and not redirect_uris:
        said = "A public client acts for people only: say where they are sent back to."
        found.append(Problem("/redirect_uris", "redirect_uri_missing", said))
    return found
