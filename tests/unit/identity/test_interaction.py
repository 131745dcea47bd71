"""What the browser keeps for us: ours, of this browser, of this step, and not too old."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from invx.contexts.identity.api.interaction import (
    LIFETIME_SECONDS,
    AuthorizationRequest,
    CodeAsked,
    Consenting,
    Person,
    SigningIn,
    cookie_name,
    cookie_of,
    opened,
    proof_of,
    sealed,
    set_cookie,
)
from invx.infra.encryption import SecretKey, create_secret_key
from tests.unit.infra.http.example import SetClock

REQUEST = AuthorizationRequest(
    client_id="cli_1.tnt_1",
    redirect_uri="https://shop.example/",
    scopes=("invoices:read",),
    state="own",
    challenge="c" * 43,
)
PERSON = Person(user_id=UUID(int=7), method="password", proof="p", keys=("a", "b", "c"))
STAGES: list[Any] = [
    SigningIn(request=REQUEST),
    SigningIn(request=None),
    CodeAsked(request=REQUEST, person=PERSON),
    CodeAsked(request=None, person=PERSON),
    Consenting(request=REQUEST, person=PERSON),
]
KINDS = [SigningIn, CodeAsked, Consenting]


@dataclass
class Stage:
    """An edge with a key and a clock of its own."""

    edge: Any
    clock: SetClock


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    create_secret_key(tmp_path / "secret-key")
    return at(tmp_path / "secret-key")


def at(path: Path, public_url: str | None = None) -> Stage:
    clock = SetClock()
    access = SimpleNamespace(secrets=SecretKey(path), public_url=public_url)
    return Stage(SimpleNamespace(access=access, runner=SimpleNamespace(clock=clock)), clock)


def request(scheme: str = "http", cookie: str = "") -> Request:
    headers = [(b"host", b"invx.test")] + ([(b"cookie", cookie.encode())] if cookie else [])
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    return Request({**scope, "scheme": scheme, "server": ("invx.test", 80), "root_path": ""})


@pytest.mark.parametrize("value", STAGES, ids=lambda value: type(value).__name__)
def test_what_was_kept_comes_back(stage: Stage, value: Any) -> None:
    text = sealed(stage.edge, "cookie", value)
    assert opened(stage.edge, "cookie", text, type(value)) == value


@pytest.mark.parametrize("value", STAGES, ids=lambda value: type(value).__name__)
def test_one_step_is_not_another(stage: Stage, value: Any) -> None:
    text = sealed(stage.edge, "cookie", value)
    for kind in KINDS:
        assert (opened(stage.edge, "cookie", text, kind) is not None) is (kind is type(value))


@pytest.mark.parametrize("cookie", ["", None, "other", "cookie ", "COOKIE"])
def test_another_browser_cannot_use_it(stage: Stage, cookie: str | None) -> None:
    text = sealed(stage.edge, "cookie", STAGES[0])
    assert opened(stage.edge, cookie, text, SigningIn) is None


@pytest.mark.parametrize("seconds", [0, 1, LIFETIME_SECONDS, LIFETIME_SECONDS + 1, 86_400])
def test_it_ends_after_ten_minutes(stage: Stage, seconds: int) -> None:
    text = sealed(stage.edge, "cookie", STAGES[0])
    stage.clock.advance(seconds)
    held = opened(stage.edge, "cookie", text, SigningIn)
    assert (held is not None) is (seconds <= LIFETIME_SECONDS)


def test_nothing_of_it_can_be_read(stage: Stage) -> None:
    text = sealed(stage.edge, "cookie", Consenting(request=REQUEST, person=PERSON))
    for readable in ("cli_1", "shop", "invoices", "own", str(PERSON.user_id)):
        assert readable not in text


@given(position=st.integers(min_value=0, max_value=10_000), byte=st.sampled_from("ABab019_-="))
def test_no_change_of_a_character_passes(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "secret-key"
    create_secret_key(path)
    edge = at(path).edge
    text = sealed(edge, "cookie", STAGES[0])
    place = position % len(text)
    changed = text[:place] + byte + text[place + 1 :]
    held = opened(edge, "cookie", changed, SigningIn)
    assert held is None or changed == text or held == STAGES[0]


@pytest.mark.parametrize("text", [None, "", "v1.", "v1.AAAA", "x" * 8_001, "\udcff", "v1.ä"])
def test_what_is_none_of_ours_is_nothing(stage: Stage, text: str | None) -> None:
    assert opened(stage.edge, "cookie", text, SigningIn) is None


def test_another_installation_cannot_read_it(stage: Stage, tmp_path: Path) -> None:
    create_secret_key(tmp_path / "other")
    text = sealed(at(tmp_path / "other").edge, "cookie", STAGES[0])
    assert opened(stage.edge, "cookie", text, SigningIn) is None


@pytest.mark.parametrize(
    ("scheme", "public_url", "name"),
    [
        ("http", None, "invx_authorize"),
        ("https", None, "__Host-invx_authorize"),
        ("http", "https://invoices.example", "__Host-invx_authorize"),
        ("https", "http://invoices.example", "invx_authorize"),
    ],
)
def test_the_cookie_is_for_this_host_only_where_there_is_tls(
    tmp_path: Path, scheme: str, public_url: str | None, name: str
) -> None:
    edge = at(tmp_path / "none", public_url).edge
    asked = request(scheme)
    assert cookie_name(edge, asked) == name
    response = Response()
    set_cookie(edge, asked, response, "value")
    said = response.headers["set-cookie"]
    assert said.startswith(f"{name}=value;")
    assert ("Secure" in said) is name.startswith("__Host-")
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Domain" not in said


def test_a_browser_keeps_its_cookie_and_a_new_one_gets_its_own(tmp_path: Path) -> None:
    edge = at(tmp_path / "none").edge
    assert cookie_of(edge, request(cookie="invx_authorize=mine")) == "mine"
    made = {cookie_of(edge, request()) for _ in range(10)}
    assert len(made) == 10
    assert all(len(each) >= 43 for each in made)


def test_the_proof_of_a_password_is_not_its_hash() -> None:
    assert proof_of(None) is None
    assert proof_of("$argon2id$x") == proof_of("$argon2id$x")
    assert "argon2id" not in (proof_of("$argon2id$x") or "")
    assert proof_of("$argon2id$x") != proof_of("$argon2id$y")
