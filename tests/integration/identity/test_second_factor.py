"""An authenticator app beside the password: set up, asked for, recovered from, removed."""

import asyncio
import base64
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from invx.contexts.identity.domain.totp import STEP_SECONDS, code_at
from invx.contexts.identity.read.queries import FREE_ATTEMPTS
from invx.infra.audit import verify
from invx.infra.tenancy import INSTALLATION
from tests.people import PASSWORD, Person, sign_in, sign_up
from tests.world import World


def code_of(secret: str, ahead: int = 1) -> str:
    """What the app shows so many steps later; one later is good, whenever this step ends."""
    return code_at(base64.b32decode(secret), int(time.time()) // STEP_SECONDS + ahead)


async def set_up(person: Person) -> tuple[str, list[str]]:
    """The app's secret, confirmed, and the recovery codes. This step is spent by it."""
    offered = await person.post("/v1/me/totp", {"password": PASSWORD})
    body = {"code": code_of(offered["secret"], 0)}
    made = await person.post("/v1/me/totp/confirm", body)
    return offered["secret"], made["codes"]


async def test_who_has_an_app_signs_in_with_its_code_and_not_without(world: World) -> None:
    ada = await sign_up(world)
    secret, _ = await set_up(ada)
    missing = await sign_in(world, ada.email)
    assert (missing.status_code, missing.json()["code"]) == (401, "code_required")
    blind = await sign_in(world, ada.email, "wrong", code=code_of(secret))
    assert (blind.status_code, blind.json()["code"]) == (401, "sign_in_refused")
    good = await sign_in(world, ada.email, code=code_of(secret))
    assert good.status_code == 201, good.text
    ada.take(good.json())
    methods = [each["method"] for each in (await ada.get("/v1/sessions"))["data"]]
    assert methods == ["password+totp", "sign_up"]


async def test_what_the_app_is_given_fits_together(world: World) -> None:
    ada = await sign_up(world)
    offered = await ada.post("/v1/me/totp", {"password": PASSWORD})
    parts = urlsplit(offered["uri"])
    said = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert said["secret"] == [offered["secret"]]
    assert (said["digits"], said["period"], said["issuer"]) == (["6"], ["30"], ["Invx"])
    assert len(base64.b32decode(offered["secret"])) == 20
    assert offered["qr_svg"].startswith("<svg")
    assert "script" not in offered["qr_svg"]


async def test_until_it_is_confirmed_nothing_is_asked_for(world: World) -> None:
    ada = await sign_up(world)
    offered = await ada.post("/v1/me/totp", {"password": PASSWORD})
    assert (await sign_in(world, ada.email)).status_code == 201
    wrong = await ada.post("/v1/me/totp/confirm", {"code": "000000"}, status=422)
    assert (wrong["code"], wrong["problems"][0]["pointer"]) == ("code_wrong", "/code")
    assert (await sign_in(world, ada.email)).status_code == 201
    again = await ada.post("/v1/me/totp", {"password": PASSWORD})
    old = {"code": code_of(offered["secret"])}
    assert (await ada.post("/v1/me/totp/confirm", old, status=422))["code"] == "code_wrong"
    await ada.post("/v1/me/totp/confirm", {"code": code_of(again["secret"])})
    taken = await ada.post("/v1/me/totp", {"password": PASSWORD}, status=409)
    assert taken["code"] == "second_factor_active"


async def test_a_code_is_good_once_also_for_two_at_once(world: World) -> None:
    ada = await sign_up(world)
    secret, _ = await set_up(ada)
    code = code_of(secret)
    answers = await asyncio.gather(*(sign_in(world, ada.email, code=code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    older = await sign_in(world, ada.email, code=code_of(secret, 0))
    assert (older.status_code, older.json()["code"]) == (401, "sign_in_refused")


async def test_the_code_that_confirmed_signs_nobody_in(world: World) -> None:
    ada = await sign_up(world)
    offered = await ada.post("/v1/me/totp", {"password": PASSWORD})
    code = code_of(offered["secret"], 0)
    await ada.post("/v1/me/totp/confirm", {"code": code})
    assert (await sign_in(world, ada.email, code=code)).status_code == 401


async def test_recovery_codes_are_good_once_each_however_they_are_written(world: World) -> None:
    ada = await sign_up(world)
    _, codes = await set_up(ada)
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([a-z2-7]{6}-){3}[a-z2-7]{6}", code) for code in codes)
    shown = codes[0].upper().replace("-", " ")
    assert (await sign_in(world, ada.email, code=shown)).status_code == 201
    assert (await sign_in(world, ada.email, code=codes[0])).status_code == 401
    assert (await sign_in(world, ada.email, code=codes[1])).status_code == 201
    async with world.admin() as conn:
        bodies = await conn.fetch(
            "SELECT body::text FROM identity.events WHERE type = 'RecoveryCodeUsed'"
            " ORDER BY version"
        )
    assert [json.loads(row[0])["left"] for row in bodies] == [9, 8]


async def test_new_recovery_codes_end_the_old_ones(world: World) -> None:
    ada = await sign_up(world)
    refused = await ada.post("/v1/me/recovery-codes", {"password": PASSWORD}, status=404)
    assert refused["code"] == "second_factor_not_found"
    _, old = await set_up(ada)
    new = (await ada.post("/v1/me/recovery-codes", {"password": PASSWORD}))["codes"]
    assert (await sign_in(world, ada.email, code=old[0])).status_code == 401
    assert (await sign_in(world, ada.email, code=new[0])).status_code == 201


async def test_the_recovery_codes_of_somebody_else_are_wrong(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    await set_up(ada)
    secret, codes = await set_up(bob)
    for code in (codes[0], code_of(secret)):
        assert (await sign_in(world, ada.email, code=code)).status_code == 401
    assert (await sign_in(world, bob.email, code=codes[0])).status_code == 201


async def test_removing_takes_both_factors_and_forgets_everything(world: World) -> None:
    ada = await sign_up(world)
    secret, codes = await set_up(ada)
    for body in (
        {"password": "wrong", "code": codes[0]},
        {"password": PASSWORD, "code": "000000"},
    ):
        await ada.post("/v1/me/totp/remove", body, status=401)
    assert (await sign_in(world, ada.email)).status_code == 401
    body = {"password": PASSWORD, "code": code_of(secret)}
    assert (await ada.client.post("/v1/me/totp/remove", json=body)).status_code == 204
    assert (await sign_in(world, ada.email)).status_code == 201
    await ada.post("/v1/me/totp/remove", body, status=404)
    async with world.admin() as conn:
        kept = await conn.fetchval("SELECT encrypted_secret FROM identity.second_factors")
        assert (kept, await conn.fetchval("SELECT count(*) FROM identity.recovery_codes")) == (
            None,
            0,
        )


@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize("path", ["/v1/me/totp", "/v1/me/recovery-codes"])
async def test_a_stolen_access_token_alone_changes_nothing(world: World, path: str) -> None:
    ada = await sign_up(world)
    tries = [await ada.client.post(path, json={"password": "guess"}) for _ in range(7)]
    seen = [answer.status_code for answer in tries]
    assert seen == [401] * FREE_ATTEMPTS + [429] * 2
    assert 1 <= int(tries[-1].headers["retry-after"]) <= 60


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_codes_gets_slow_like_guessing_passwords(world: World) -> None:
    ada = await sign_up(world)
    await set_up(ada)
    seen = [(await sign_in(world, ada.email, code="000000")).status_code for _ in range(7)]
    assert seen == [401] * FREE_ATTEMPTS + [429] * 2


async def test_no_event_and_no_row_holds_a_secret_or_a_code(world: World) -> None:
    ada = await sign_up(world)
    secret, codes = await set_up(ada)
    await sign_in(world, ada.email, code=codes[0])
    async with world.admin() as conn:
        held: list[Any] = []
        for table in ("events", "personal", "second_factors", "recovery_codes", "totp_steps"):
            held += await conn.fetch(f"SELECT t::text FROM identity.{table} t")
        audit = await verify(conn, "identity", INSTALLATION)
    everything = "\n".join(row[0] for row in held)
    assert audit.intact, audit.broken
    assert "v1." in everything
    for each in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert each not in everything
