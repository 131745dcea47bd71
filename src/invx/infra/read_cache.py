"""Answers to expensive questions of a tenant, kept in Valkey until a contract changes the facts.

A reader could find the facts as they were, be overtaken by a reaction and what it forgets, and then
keep what is old. So it takes the tenant's mark first, and what it keeps counts only while that mark
stands; forgetting removes the mark with all that is kept. A mark lives ten seconds, so when whoever
should forget dies, or Valkey is away then, answers are that much behind at most.

A Valkey that is flushed, slow or gone costs the reading, nothing else.
"""

import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from invx.infra.metrics import READS_KEPT
from invx.infra.valkey import ValkeyAway, ValkeyLink

KEPT_SECONDS = 10

Read = Callable[[], Awaitable[bytes]]


class ReadCache(Protocol):
    """What of one context is kept."""

    async def get(self, tenant_id: UUID, question: str, read: Read) -> bytes:
        """The answer that is kept, else what `read` returns.

        Ask it outside of transactions, since it waits for somebody else (E2), and after the caller
        is known to be allowed the answer. Equal questions must have equal answers.
        """
        ...

    async def forget(self, tenant_id: UUID) -> None:
        """What it answers may have changed; call it after COMMIT."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class NoReadCache:
    """Keeps nothing."""

    async def get(self, _tenant_id: UUID, _question: str, read: Read) -> bytes:
        """Reads."""
        return await read()

    async def forget(self, tenant_id: UUID) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """Nothing is held."""


class ValkeyReadCache:
    """Keeps answers for all processes that use this Valkey; `url` is redis:// or rediss://."""

    def __init__(self, url: str, context: str, now: Callable[[], float] = time.monotonic) -> None:
        self._link = ValkeyLink(url, now)
        self._prefix = f"invx:read:{context}:"
        self._find = self._link.client.register_script(_FIND)
        self._keep = self._link.client.register_script(_KEEP)
        self._count = partial(READS_KEPT.labels, context)

    async def get(self, tenant_id: UUID, question: str, read: Read) -> bytes:
        """See `ReadCache.get`."""
        key, mark = [f"{self._prefix}{tenant_id}"], secrets.token_hex(8)
        try:
            found = await self._asked(self._find, key, [question, mark, KEPT_SECONDS])
        except ValkeyAway:
            self._count("away").inc()
            return await read()
        if isinstance(found[1], bytes):
            self._count("kept").inc()
            return found[1]
        self._count("read").inc()
        answer = await read()
        with contextlib.suppress(ValkeyAway):  # then it is read again
            await self._asked(self._keep, key, [question, found[0], answer])
        return answer

    async def forget(self, tenant_id: UUID) -> None:
        """See `ReadCache.forget`."""
        with contextlib.suppress(ValkeyAway):  # then the mark ends by itself
            await self._link.ask(partial(self._link.client.delete, f"{self._prefix}{tenant_id}"))

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def _asked(self, script: Any, key: list[str], values: list[Any]) -> Any:
        return await self._link.ask(partial(script, keys=key, args=values))


def read_cache(url: str | None, context: str) -> ReadCache:
    """Of a context, where there is a Valkey."""
    return ValkeyReadCache(url, context) if url else NoReadCache()


# One hash per tenant: "=" holds its mark, and each question its answer.
_FIND = """
local known = redis.call('HMGET', KEYS[1], '=', '?' .. ARGV[1])
if known[1] then return known end
redis.call('HSET', KEYS[1], '=', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {ARGV[2], false}
"""
_KEEP = """
if redis.call('HGET', KEYS[1], '=') == ARGV[2] then
    redis.call('HSET', KEYS[1], '?' .. ARGV[1], ARGV[3])
end
"""
