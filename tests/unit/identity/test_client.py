"""A client is registered once, never changes, and is removed for good."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.domain.client import CONFIDENTIAL, PUBLIC, Client
from invx.contexts.identity.domain.client_events import ClientRegistered, ClientRemoved
from invx.contexts.identity.domain.errors import ClientInvalid
from invx.contexts.identity.domain.scopes import grantable
from invx.contracts.permissions import PERMISSIONS
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
BACK = "https://shop.example/back"


def registered(**more: Any) -> Client:
    said: dict[str, Any] = {
        "name": "Shop",
        "kind": CONFIDENTIAL,
        "redirect_uris": [BACK],
        "scopes": ["tax:read", "invoices:read"],
        "secret_hash": "hash",
        "now": NOW,
    }
    return Client.register(UUID(int=1), **{**said, **more})


def test_a_confidential_one_may_act_for_itself_only() -> None:
    client = registered(redirect_uris=[])
    assert (client.kind, client.redirect_uris) == (CONFIDENTIAL, ())


def test_scopes_are_kept_once_and_in_order() -> None:
    client = registered(scopes=["tax:read", "invoices:read", "tax:read"])
    assert client.scopes == ("invoices:read", "tax:read")


@pytest.mark.parametrize(
    ("kind", "secret"), [(PUBLIC, "hash"), (CONFIDENTIAL, None)], ids=["public", "confidential"]
)
def test_who_can_keep_no_secret_has_none_and_who_can_has_one(kind: str, secret: str | None) -> None:
    with pytest.raises(InvariantViolation):
        registered(kind=kind, secret_hash=secret)


@pytest.mark.parametrize(
    ("kind", "uris", "pointers"),
    [
        (PUBLIC, [], ["/redirect_uris"]),
        (PUBLIC, ["http://shop.example/"], ["/redirect_uris/0"]),
        (PUBLIC, [BACK, "x", "y"], ["/redirect_uris/1", "/redirect_uris/2"]),
        (CONFIDENTIAL, ["com.example.app:/back"], ["/redirect_uris/0"]),
        (CONFIDENTIAL, [f"{BACK}#x", BACK], ["/redirect_uris/0"]),
    ],
)
def test_every_place_that_cannot_be_used_is_named(
    kind: str, uris: list[str], pointers: list[str]
) -> None:
    secret = None if kind == PUBLIC else "hash"
    with pytest.raises(ClientInvalid) as refused:
        registered(kind=kind, redirect_uris=uris, secret_hash=secret)
    assert [problem.pointer for problem in refused.value.problems] == pointers


def test_a_removed_one_has_no_secret_and_stays_removed() -> None:
    client = registered()
    client.remove(NOW)
    client.remove(NOW)
    assert (client.secret_hash, client.removed_at) == (None, NOW)
    assert [type(event) for event in client.recorded] == [ClientRegistered, ClientRemoved]


def test_no_event_holds_the_secrets_hash() -> None:
    assert "hash" not in repr(registered().recorded).replace("secret_hash", "")


@pytest.mark.parametrize("removed_at", [None, NOW])
def test_a_row_gives_the_same_client_back(removed_at: datetime | None) -> None:
    state = {
        "name": "Shop",
        "kind": CONFIDENTIAL,
        "redirect_uris": [BACK],
        "scopes": ["invoices:read"],
        "secret_hash": "hash",
        "registered_at": NOW,
        "removed_at": removed_at,
    }
    client = Client.restore(UUID(int=1), 4, state)
    assert (client.version, client.redirect_uris, client.scopes) == (4, (BACK,), ("invoices:read",))
    client.remove(NOW)
    assert len(client.recorded) == (1 if removed_at is None else 0)


def test_what_happens_to_others_is_none_of_its_history() -> None:
    class Sold(Event):
        pass

    with pytest.raises(InvariantViolation):
        registered().apply(Sold())


NEVER = ["me:read", "me:write", "members:own", "oauth_clients:read", "oauth_clients:write"]


@pytest.mark.parametrize("permission", NEVER)
def test_what_would_let_it_outgrow_its_removal_is_no_scope(permission: str) -> None:
    assert permission in PERMISSIONS
    assert permission not in grantable(PERMISSIONS)


def test_all_the_rest_are_scopes() -> None:
    made_of_them = {
        each for each in PERMISSIONS if each.startswith(("api_keys:", "roles:", "support:"))
    }
    assert set(PERMISSIONS) - grantable(PERMISSIONS) == set(NEVER) | made_of_them


@pytest.mark.parametrize(
    "later",
    [
        "api_keys:write",
        "api_keys:read",
        "roles:write",
        "tenant:close",
        "members:own",
        "support:grant",
    ],
)
def test_permissions_that_come_later_are_none_either(later: str) -> None:
    assert grantable([later]) == frozenset()
