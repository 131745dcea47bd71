"""`invx operator …`: appointed at the command line, at work through the API, revoked again."""

import base64
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from invx.contexts.identity.domain.totp import STEP_SECONDS, code_at
from tests.e2e.installation import INVX, Installation, installed
from tests.e2e.shapes import SERVICES

PASSWORD = "seventeen brass lanterns adrift"
JO = "jo@invx.example"


@pytest.fixture(scope="module")
def running(shape: str, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An installation that is up, in either shape."""
    if shape == SERVICES:
        yield request.getfixturevalue(SERVICES)
    else:
        with installed() as installation:
            yield installation.up()


def create(home: Installation, *words: str, password: str = "") -> tuple[int, str, str]:
    """Exit code, what was printed, and what was said beside."""
    done = subprocess.run(
        [INVX, "operator", "create", *words],
        env=home.environment(),
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.strip(), done.stderr


def code(secret: str, ahead: int) -> str:
    return code_at(base64.b32decode(secret), int(time.time()) // STEP_SECONDS + ahead)


def test_from_the_first_command_to_the_last(running: Installation) -> None:
    unknown = create(running, JO, "--name", "Jo")
    assert unknown[0] == 1
    assert "There is no such user" in unknown[2]
    weak = create(running, JO, "--name", "Jo", "--new", password="password")
    assert weak[0] == 1
    assert "easy to guess" in weak[2]
    status, operator, said = create(running, JO, "--name", "Jo", "--new", password=PASSWORD)
    assert (status, operator[:4]) == (0, "opr_"), said
    assert PASSWORD not in said
    assert "POST /v1/me/totp" in said
    twice = create(running, JO, "--name", "Jo")
    assert (twice[0], "already" in twice[2]) == (1, True)
    assert "cannot sign in yet" in running.invx("operator", "list").stdout
    with httpx.Client(base_url=running.url, timeout=60) as client:
        own = client.post("/v1/sessions", json={"email": JO, "password": PASSWORD}).json()
        assert own["tenants"] == []  # an operator belongs to no tenant by that
        client.headers["Authorization"] = f"Bearer {own['access_token']}"
        offered = client.post("/v1/me/totp", json={"password": PASSWORD}).json()
        confirmed = client.post("/v1/me/totp/confirm", json={"code": code(offered["secret"], 0)})
        assert confirmed.status_code == 200, confirmed.text
        body = {"email": JO, "password": PASSWORD, "code": code(offered["secret"], 1)}
        given = client.post("/operator/v1/sessions", json=body)
        assert given.status_code == 201, given.text
        client.headers["Authorization"] = f"Bearer {given.json()['access_token']}"
        tenants = client.get("/operator/v1/tenants").json()["data"]
        assert {each["mode"] for each in tenants} == {"live", "test"}
        [acts] = [client.get("/operator/v1/acts").json()["data"]]
        assert [each["actor"] for each in acts] == ["stranger", "system:cli"]
        shown = running.invx("operator", "list").stdout
        assert operator in shown
        assert "can act" in shown
        asked = client.post(
            f"/operator/v1/tenants/{tenants[0]['id']}/support-requests",
            json={"reason": "A look at the totals."},
        )
        assert asked.status_code == 201, asked.text
        revoked = running.invx("operator", "revoke", operator)
        assert "an operator no more" in revoked.stdout, revoked.stderr
        assert client.get("/operator/v1/tenants").status_code == 401
    assert "revoked 20" in running.invx("operator", "list").stdout
    again = running.invx("operator", "revoke", operator)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    "words", [("revoke", "opr_x"), ("revoke", "x"), ("create", "jo", "--name", "J")]
)
def test_what_is_no_id_and_no_address_is_refused(
    running: Installation, words: tuple[str, ...]
) -> None:
    done = running.invx("operator", *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_nobody_is_revoked_who_is_none(running: Installation) -> None:
    done = running.invx("operator", "revoke", "opr_01jb8z0000e008000000000001")
    assert done.returncode == 1
    assert "There is no such operator" in done.stderr
