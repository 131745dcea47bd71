"""Another key signs access tokens from now on, while requests run (RFC 7517, RFC 9700, 4).

Three files of a home: the private key, the next one while it waits, and the published set. The next
key is published first and signs only once every verifier may have learned of it; the old private
key is gone then, and its public half stays until its last token has ended. Each step can be
repeated, so a rotation that was cut off is ended by the next one.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from invx.infra.http.jwks import REFRESH_SECONDS_MIN
from invx.infra.tokens import KeyMissing
from invx.kernel.ports import Clock

# A verifier looks for new keys once a minute at most; the rest is for slow reads and clocks.
PUBLISHED_AHEAD = timedelta(seconds=REFRESH_SECONDS_MIN + 15)
# The longest token that this program makes (twelve hours, for development), and leeway.
STAYS_PUBLISHED = timedelta(hours=13)
_UNTIL = "exp"  # of a published key that signs no more: seconds since the epoch


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where the keys of an installation lie."""

    private: Path
    published: Path

    @property
    def next(self) -> Path:
        """The private key that will sign."""
        return self.private.with_name(f"{self.private.stem}.next{self.private.suffix}")

    @property
    def lock(self) -> Path:
        """Held by who rotates."""
        return self.private.with_name(f"{self.private.name}.lock")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key of the set: it signs, it waits, or it is there for its last tokens."""

    kid: str
    state: str  # signing | next | retired
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """Which key signs now, which signed before, and which are published no more."""

    kid: str
    before: str
    gone: tuple[str, ...]


def rotate(
    files: KeyFiles,
    clock: Clock,
    wait: Callable[[float], None],
    *,
    ahead: timedelta = PUBLISHED_AHEAD,
    stays: timedelta = STAYS_PUBLISHED,
) -> Rotated:
    """Let a new key sign. `wait` sleeps so many seconds. One at a time: others wait for the lock.

    Raises KeyMissing where there is no key to rotate.
    """
    with _alone(files):
        before = _private(files.private)["kid"]
        fresh = _next(files)
        gone = _publish(files, clock, _public(fresh), signing={before}, stays=stays)
        wait(ahead.total_seconds())
        files.next.replace(files.private)
        gone += _publish(files, clock, _public(fresh), signing={fresh["kid"]}, stays=stays)
        return Rotated(fresh["kid"], before, gone)


def published(files: KeyFiles) -> list[PublishedKey]:
    """The keys of the set, in the order in which they were published. Raises KeyMissing."""
    signing = _private(files.private)["kid"]
    waiting = _private(files.next)["kid"] if files.next.exists() else None
    found = []
    for key in _set(files):
        state = {signing: "signing", waiting: "next"}.get(key["kid"], "retired")
        until = datetime.fromtimestamp(key[_UNTIL]).astimezone() if _UNTIL in key else None
        found.append(PublishedKey(key["kid"], state, until))
    return found


def _next(files: KeyFiles) -> dict[str, Any]:
    """The key that waits: the one that an interrupted rotation left, or a new one."""
    if not files.next.exists():
        key = ECKey.generate_key("P-256")
        named = {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
        _write(files.next, json.dumps(key.as_dict(private=True) | named), mode=0o600)
    return _private(files.next)


def _publish(
    files: KeyFiles, clock: Clock, fresh: Mapping[str, Any], *, signing: set[str], stays: timedelta
) -> tuple[str, ...]:
    """State the set: with the fresh key, without those whose last token has ended."""
    now = clock.now()
    kept, gone = list[dict[str, Any]](), list[str]()
    for key in _set(files):
        named = dict(key)
        if named["kid"] in signing or named["kid"] == fresh["kid"]:
            named.pop(_UNTIL, None)
        else:
            named.setdefault(_UNTIL, int((now + stays).timestamp()))
        if named.get(_UNTIL, now.timestamp()) < now.timestamp():
            gone.append(named["kid"])
        else:
            kept.append(named)
    if all(key["kid"] != fresh["kid"] for key in kept):
        kept.append(dict(fresh))
    _write(files.published, json.dumps({"keys": kept}, indent=2) + "\n", mode=0o644)
    return tuple(gone)


def _set(files: KeyFiles) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(files.published.read_text())["keys"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise KeyMissing(f"{files.published.name} is not a readable key set.") from error
    return found


def _private(path: Path) -> dict[str, Any]:
    try:
        key: dict[str, Any] = json.loads(path.read_text())
        ECKey.import_key(key)
        return {**key, "kid": key["kid"]}
    except (OSError, ValueError, LookupError, TypeError, JoseError) as error:
        raise KeyMissing(f"{path.name} is not a readable private key.") from error


def _public(private: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in private.items() if name != "d"}


def _write(path: Path, text: str, *, mode: int) -> None:
    """Whole, or not at all, also when the machine stops: a reader sees the old file or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _alone(files: KeyFiles) -> Iterator[None]:
    with files.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
