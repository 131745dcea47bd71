"""Another key signs from now on; cut off anywhere, nothing breaks and the next rotation ends it."""

import json
import stat
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from invx.infra import key_rotation
from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.infra.http.jwks import REFRESH_SECONDS_MIN
from invx.infra.key_rotation import (
    PUBLISHED_AHEAD,
    STAYS_PUBLISHED,
    KeyFiles,
    published,
    rotate,
)
from invx.infra.tokens import KeyMissing, Signer, create_key
from tests.unit.infra.http.example import TENANT, SetClock

MINUTES = timedelta(minutes=5)


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    made = KeyFiles(tmp_path / "signing-key.json", tmp_path / "jwks.json")
    create_key(made.private, made.published)
    return made


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def sign(signer: Signer, clock: SetClock) -> str:
    now = clock.now().timestamp()
    return signer.sign(TENANT, subject="user:ada", permissions=(), now=now, lifetime=MINUTES)


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def states(files: KeyFiles) -> list[str]:
    return [key.state for key in published(files)]


class CutOff(Exception):
    """The process died here."""


def dies(_: Any) -> None:
    raise CutOff


async def test_the_new_key_is_published_a_minute_before_it_signs(
    files: KeyFiles, clock: SetClock
) -> None:
    signer, verifier = Signer(files.private), Verifier(AuthSettings(files.published), clock=clock)
    await verifier.start()
    before = sign(signer, clock)
    seen: list[float] = []

    def wait(seconds: float) -> None:
        seen.append(seconds)
        assert states(files) == ["signing", "next"]
        assert kid_of(sign(signer, clock)) == kid_of(before)
        clock.advance(seconds)

    done = rotate(files, clock, wait)
    after = sign(signer, clock)
    assert seen == [PUBLISHED_AHEAD.total_seconds()]
    assert seen[0] > REFRESH_SECONDS_MIN
    assert (done.before, done.kid) == (kid_of(before), kid_of(after))
    for token in (before, after, before):
        assert (await verifier.verify(token)).subject == "user:ada"
    assert states(files) == ["retired", "signing"]


async def test_the_old_key_stays_until_its_last_token_has_ended(
    files: KeyFiles, clock: SetClock
) -> None:
    first = rotate(files, clock, lambda _: None)
    clock.advance(STAYS_PUBLISHED.total_seconds() - 60)
    second = rotate(files, clock, lambda _: None)
    assert (second.gone, states(files)) == ((), ["retired", "retired", "signing"])
    clock.advance(120)
    third = rotate(files, clock, lambda _: None)
    assert third.gone == (first.before,)
    assert len(json.loads(files.published.read_text())["keys"]) == 3
    verifier = Verifier(AuthSettings(files.published), clock=clock)
    await verifier.start()
    stale = ECKey.generate_key("P-256")
    token = jws.serialize_compact(
        {"alg": "ES256", "kid": first.before}, b"{}", stale, algorithms=["ES256"]
    )
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


def test_of_a_rotated_key_only_the_public_half_is_left(files: KeyFiles, clock: SetClock) -> None:
    old = json.loads(files.private.read_text())["d"]
    rotate(files, clock, lambda _: None)
    assert stat.S_IMODE(files.private.stat().st_mode) == 0o600
    texts = [path.read_text() for path in files.private.parent.iterdir()]
    assert not any(old in text for text in texts)
    assert not any("d" in key for key in json.loads(files.published.read_text())["keys"])
    assert {path.name for path in files.private.parent.iterdir()} == {
        "signing-key.json",
        "signing-key.json.lock",
        "jwks.json",
    }


def test_who_dies_while_waiting_changes_nothing_and_the_next_one_goes_on(
    files: KeyFiles, clock: SetClock
) -> None:
    signer = Signer(files.private)
    before = kid_of(sign(signer, clock))
    with pytest.raises(CutOff):
        rotate(files, clock, dies)
    assert stat.S_IMODE(files.next.stat().st_mode) == 0o600
    waiting = json.loads(files.next.read_text())["kid"]
    assert kid_of(sign(signer, clock)) == before
    waited: list[float] = []
    done = rotate(files, clock, waited.append)
    assert (done.before, done.kid, len(waited)) == (before, waiting, 1)
    assert states(files) == ["retired", "signing"]


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_who_dies_before_any_write_leaves_keys_that_work(
    files: KeyFiles, clock: SetClock, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the next key is written, then the set, then the set again."""
    real, count = key_rotation._write, 0

    def dying(path: Path, text: str, *, mode: int) -> None:
        nonlocal count
        count += 1
        if count == write:
            raise CutOff
        real(path, text, mode=mode)

    monkeypatch.setattr(key_rotation, "_write", dying)
    with pytest.raises(CutOff):
        rotate(files, clock, lambda _: None)
    monkeypatch.setattr(key_rotation, "_write", real)
    signer, verifier = Signer(files.private), Verifier(AuthSettings(files.published), clock=clock)
    await verifier.start()
    assert await verifier.verify(sign(signer, clock))
    rotate(files, clock, lambda _: None)
    clock.advance(REFRESH_SECONDS_MIN + 1)
    assert await verifier.verify(sign(signer, clock))
    assert states(files)[-1] == "signing"
    assert set(states(files)[:-1]) == {"retired"}


def test_of_two_who_rotate_at_once_one_waits(files: KeyFiles, clock: SetClock) -> None:
    inside, most = 0, 0

    def wait(_: float) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.05)
        inside -= 1

    threads = [threading.Thread(target=rotate, args=(files, clock, wait)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert states(files) == ["retired"] * 4 + ["signing"]


def test_a_signer_goes_on_with_its_key_while_the_file_cannot_be_read(
    files: KeyFiles, clock: SetClock
) -> None:
    signer = Signer(files.private)
    before = kid_of(sign(signer, clock))
    for content in ("", "{}", "no json"):
        files.private.write_text(content)
        assert kid_of(sign(signer, clock)) == before
    files.private.unlink()
    assert kid_of(sign(signer, clock)) == before


@pytest.mark.parametrize("content", [None, "", "{}", '{"kty": "EC", "kid": "x"}'])
def test_without_a_key_there_is_nothing_to_rotate(
    files: KeyFiles, clock: SetClock, content: str | None
) -> None:
    files.private.unlink()
    if content is not None:
        files.private.write_text(content)
    before = files.published.read_text()
    with pytest.raises(KeyMissing):
        rotate(files, clock, lambda _: None)
    assert files.published.read_text() == before
    assert not files.next.exists()


def test_a_lost_set_is_stated_anew_and_a_broken_one_is_not_overwritten(
    files: KeyFiles, clock: SetClock
) -> None:
    files.published.write_text("{")
    with pytest.raises(KeyMissing):
        rotate(files, clock, lambda _: None)
    assert files.published.read_text() == "{"
