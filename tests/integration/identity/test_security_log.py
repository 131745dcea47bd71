"""What somebody tried and may not stands in the log: what, where, by whom, and nothing private."""

from typing import Any

import pytest

from tests.people import PASSWORD, anybody, join, open_for_business, sign_in
from tests.unit.infra.http.example import captured_logs, lines_of
from tests.world import World


def seen(out: Any, event: str) -> list[dict[str, Any]]:
    """The lines of this event."""
    return [each for each in lines_of(out) if each["event"] == event]


async def test_a_failed_sign_in_is_a_line_without_who_was_tried(world: World) -> None:
    ada = await open_for_business(world)
    with captured_logs() as out:
        await sign_in(world, ada.email, "a wrong password of theirs")
        await sign_in(world, "nobody@kontor-nord.example")
    failed = seen(out, "sign_in_failed")
    assert [each["code"] for each in failed] == ["sign_in_refused", "sign_in_refused"]
    assert ada.email not in out.getvalue().decode()
    assert all("request_id" in each for each in failed)


@pytest.mark.usefixtures("stopped_clock")
async def test_guesses_that_are_slowed_are_lines(world: World) -> None:
    ada = await open_for_business(world)
    with captured_logs() as out:
        for number in range(7):
            await sign_in(world, ada.email, f"wrong {number}")
    assert seen(out, "access_refused")[-1]["code"] == "sign_in_throttled"


async def test_a_missing_permission_names_who_tried_and_what(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "viewer")
    with captured_logs() as out:
        await bo.client.post("/v1/api-keys", json={})
    [line] = seen(out, "access_refused")
    assert (line["code"], line["actor"]) == ("forbidden", f"user:{bo.tokens['user']}")
    assert (line["method"], line["route"]) == ("POST", "/v1/api-keys")
    assert line["level"] == "warning"


@pytest.mark.parametrize(
    "credential",
    ["Bearer x.y.z", "Bearer invx_live_x", "Basic eDp5", "Bearer eyJhbGciOiJub25lIn0.e30."],
)
async def test_a_credential_that_opens_nothing_is_a_line_without_it(
    world: World, credential: str
) -> None:
    with captured_logs() as out:
        answer = await anybody(world, Authorization=credential).get("/v1/invoices")
    assert answer.status_code == 401
    [line] = seen(out, "access_refused")
    assert (line["actor"], line["route"]) == (None, "/v1/invoices")
    assert credential.split()[1] not in out.getvalue().decode()


async def test_the_token_endpoint_and_the_plane_of_operators_say_so_too(world: World) -> None:
    with captured_logs() as out:
        form = {"grant_type": "refresh_token", "refresh_token": "invx_rt_guessed"}
        await anybody(world).post("/oauth/token", data=form)
        await anybody(world).get("/operator/v1/tenants")
        body = {"email": "x@y.example", "password": PASSWORD, "code": "000000"}
        await anybody(world).post("/operator/v1/sessions", json=body)
    codes = [each["code"] for each in seen(out, "access_refused")]
    assert codes == ["invalid_grant", "unauthenticated", "sign_in_refused"]
    assert "invx_rt_guessed" not in out.getvalue().decode()


async def test_what_is_merely_wrong_is_no_line(world: World) -> None:
    ada = await open_for_business(world)
    with captured_logs() as out:
        await ada.client.get("/v1/invoices/x")
        await ada.client.post("/v1/invoices", json={})
    assert seen(out, "access_refused") == []
