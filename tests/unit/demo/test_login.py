"""The demo's business signs up, and is found again."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from invx.demo import login
from invx.demo.api import Broken, Refused
from invx.demo.login import Login, ensure_login, saved_login, sign_up


class Identity:
    """Answers as identity does; `refuse` is the status of every sign-up."""

    def __init__(self) -> None:
        self.refuse: int | None = None
        self.good_keys: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.unknown = 0  # so often invoicing has not heard of the business yet
        self.away = 0  # so often it cannot answer

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, text = request.url.path, request.content.decode()
        self.asked.append((request.method, path))
        bearer = request.headers.get("Authorization", "")
        if path == "/v1/sign-up":
            if self.refuse:
                return httpx.Response(self.refuse, json={"code": "sign_up_closed", "detail": "No."})
            assert json.loads(text)["email"].endswith("@invx.example")
            tokens = {"refresh_token": "r", "sandbox": "tnt_test", "tenant": "tnt_live"}
            return httpx.Response(201, json=tokens)
        if path == "/oauth/token":
            assert parse_qs(text)["tenant"] == ["tnt_test"]
            return httpx.Response(200, json={"access_token": "inside"})
        if path == "/v1/permissions":
            data = [
                {"id": "invoices:read", "grantable": True},
                {"id": "me:read", "grantable": False},
            ]
            return httpx.Response(200, json={"data": data})
        if path == "/v1/api-keys":
            assert bearer == "Bearer inside"
            assert json.loads(text)["permissions"] == ["invoices:read"]
            secret = f"invx_test_{len(self.good_keys)}"
            self.good_keys.add(f"Bearer {secret}")
            return httpx.Response(201, json={"secret": secret})
        if self.away:
            self.away -= 1
            return httpx.Response(503, json={"code": "unavailable", "detail": "Try again."})
        if self.unknown:
            self.unknown -= 1
            return httpx.Response(404, json={"code": "not_found", "detail": "No such tenant."})
        return httpx.Response(200 if bearer in self.good_keys else 401, json={"data": []})


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    """What every client of the module talks to."""
    found = Identity()
    monkeypatch.setattr(
        login,
        "_client",
        lambda url, transport=None: httpx.Client(base_url=url, transport=found.transport),
    )
    return found


def test_a_business_signs_up_into_its_sandbox_with_a_key_that_may_what_can_be_granted(
    identity: Identity,
) -> None:
    made = sign_up("http://invx.test", "Demo")
    assert (made.tenant, made.live_tenant, made.key) == ("tnt_test", "tnt_live", "invx_test_0")
    assert [path for _, path in identity.asked] == [
        "/v1/sign-up", "/oauth/token", "/v1/permissions", "/v1/api-keys", "/v1/invoices",
    ]  # fmt: skip
    assert sign_up("http://invx.test", "Demo").email != made.email


def test_it_is_ready_when_invoicing_has_heard_of_it(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.unknown = 2
    sign_up("http://invx.test", "Demo")
    assert [path for _, path in identity.asked].count("/v1/invoices") == 3
    monkeypatch.setattr(login, "_KNOWN_SECONDS_MAX", 0.1)
    identity.unknown = 99
    with pytest.raises(Broken, match="No such tenant"):
        sign_up("http://invx.test", "Demo")


def test_it_is_kept_for_its_owner_only_and_found_again(identity: Identity, tmp_path: Path) -> None:
    file = tmp_path / "home" / "login.json"
    made = ensure_login("http://invx.test", file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["login.json"]
    assert saved_login(file) == made
    assert ensure_login("http://invx.test", file) == made
    assert [path for _, path in identity.asked].count("/v1/sign-up") == 1


def test_a_key_that_is_no_good_any_more_makes_a_new_business(
    identity: Identity, tmp_path: Path
) -> None:
    file = tmp_path / "login.json"
    Login("old@invx.example", "p", "tnt_old", "tnt_old", "invx_test_old").save(file)
    assert ensure_login("http://invx.test", file).key == "invx_test_0"
    assert saved_login(file) == ensure_login("http://invx.test", file)


def test_a_server_that_cannot_answer_now_costs_nobody_their_business(
    identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart the database may be out of reach for a moment."""
    file = tmp_path / "login.json"
    made = ensure_login("http://invx.test", file)
    identity.away = 2
    assert ensure_login("http://invx.test", file) == made
    monkeypatch.setattr(login, "_KNOWN_SECONDS_MAX", 0.1)
    identity.away = 99
    with pytest.raises(Broken, match=r"503 unavailable: Try again\."):
        ensure_login("http://invx.test", file)
    assert saved_login(file) == made


@pytest.mark.parametrize("text", ["", "{", "[]", '{"email": "x"}', '{"unknown": 1}'])
def test_what_is_no_login_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "login.json"
    assert saved_login(file) is None
    file.write_text(text)
    assert saved_login(file) is None


@pytest.mark.parametrize(("status", "error"), [(403, Broken), (409, Refused), (503, Broken)])
def test_where_nobody_may_sign_up_it_says_so_and_keeps_nothing(
    identity: Identity, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    identity.refuse = status
    with pytest.raises(error, match="sign_up_closed: No"):
        ensure_login("http://invx.test", tmp_path / "login.json")
    assert list(tmp_path.iterdir()) == []
