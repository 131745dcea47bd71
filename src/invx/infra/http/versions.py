"""Dated versions of the API, chosen by the header `Invx-Version` (YYYY-MM-DD).

Handlers and queries know only the newest shape. A change that would break a client is a new date
and a `Change`: a pure function that turns the new shape of one resource into the one before. Who
asks for an older version gets the changes taken back, newest first; who does not pays nothing.

Resources are recognised by their `object`, wherever they stand in an answer: alone, in a list or
inside another one. So no route can forget an older version.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Message, Send

from invx.infra.http.answers import encode
from invx.kernel.errors import invariant

HEADER = "Invx-Version"
LIVE = ("2026-11-01", "2026-11-24")

Json = dict[str, Any]
Downcast = Callable[[Json], Json]

# Maps whose keys are the caller's words: no resource of ours stands in them.
_CALLERS_OWN = frozenset({"metadata", "dimensions"})
_NAME = HEADER.lower().encode()
_JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Change:
    """What a version changed about one resource, and how to take it back."""

    since: str  # the version that brought it
    resource: str  # the resource's `object`
    says: str  # a sentence for those who move from the version before
    undone: Downcast  # pure: the resource as it was before


class Versions:
    """The versions that are live, newest first, and the way back from each."""

    def __init__(self, live: Sequence[str], changes: Iterable[Change] = ()) -> None:
        self.live = tuple(sorted(live, reverse=True))
        self.changes = tuple(sorted(changes, key=lambda change: change.since, reverse=True))
        for change in self.changes:
            invariant(change.since in self.live, f"{change.since} is not a live version")
        self._steps: dict[str, dict[str, Downcast]] = {}
        for change in self.changes:
            step = self._steps.setdefault(change.since, {})
            invariant(change.resource not in step, "one step per version and resource")
            step[change.resource] = change.undone

    @property
    def current(self) -> str:
        return self.live[0]

    @property
    def oldest(self) -> str:
        return self.live[-1]

    def cast(self, value: Any, version: str, *, shape: str | None = None) -> Any:
        """`value` as `version` shows it; `shape` is the version that made it, the newest if absent.

        There is no way forward: a shape that is older than `version` stays as it is.
        """
        for since, step in self._steps.items():
            if version < since <= (shape or self.current):
                value = _walked(value, step)
        return value


def _walked(value: Any, step: dict[str, Downcast]) -> Any:
    if isinstance(value, list):
        return [_walked(each, step) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {
        name: each if name in _CALLERS_OWN else _walked(each, step) for name, each in value.items()
    }
    named = inner.get("object")
    undone = step.get(named) if isinstance(named, str) else None
    return undone(inner) if undone else inner


class OlderAnswer:
    """Passes an answer on in an older version. It waits for the whole of what is JSON.

    An answer that was stored says by its header in which version's shape it is.
    """

    def __init__(self, send: Send, versions: Versions, version: str) -> None:
        self._send = send
        self._versions = versions
        self._version = version
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """See ASGI."""
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        await self._send({**self._start, "headers": self._cast(self._start["headers"])})
        await self._send({"type": "http.response.body", "body": self._body})

    def _cast(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Cast the body; the headers as they are then."""
        shape = dict(headers).get(_NAME, b"").decode() or self._versions.current
        if shape <= self._version or not self._body:
            return headers
        value = self._versions.cast(msgspec.json.decode(self._body), self._version, shape=shape)
        self._body = encode(value)
        kept = [pair for pair in headers if pair[0] not in (b"content-length", _NAME)]
        length = str(len(self._body)).encode()
        return [*kept, (b"content-length", length), (_NAME, self._version.encode())]


def _is_json(start: Message) -> bool:
    return any(
        name == b"content-type" and value.partition(b";")[0] == _JSON
        for name, value in start.get("headers", ())
    )
