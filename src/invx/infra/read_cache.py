"""Answers to expensive questions of a tenant, kept in Valkey until a contract changes the facts.

While facts are being changed nothing of the tenant is kept, nor answered from what was. A reader
could find the facts as they were, be overtaken by a change, and then keep what is old. So it takes
the tenant's mark first, and what it keeps counts only while that mark stands; a change removes the
mark with all that is kept. A mark lives ten seconds: so much are answers behind at most where
Valkey was away when the facts changed, or where who changed them knows of no Valkey.

A Valkey that is flushed, slow or gone costs the reading, nothing else.
"""

import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from invx.infra.metrics import READS_KEPT
from invx.infra.valkey import ValkeyAway, ValkeyLink

KEPT_SECONDS = 10
CHANGING_SECONDS = 60  # of who died meanwhile; longer than a reaction takes

Read = Callable[[], Awaitable[bytes]]


class ReadCache(Protocol):
    """What of one context is kept."""

    async def get(self, tenant_id: UUID, question: str, read: Read) -> bytes:
        """The answer that is kept, else what `read` returns.

        Ask it outside of transactions, since it waits for somebody else (E2), and after the caller
        is known to be allowed the answer. Equal questions must have equal answers.
        """
        ...

    def changing(self, tenant_ids: Collection[UUID]) -> AbstractAsyncContextManager[None]:
        """Around transactions that may change what it answers to these tenants."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class NoReadCache:
    """Keeps nothing."""

    async def get(self, _tenant_id: UUID, _question: str, read: Read) -> bytes:
        """Reads."""
        return await read()

    def changing(self, _tenant_ids: Collection[UUID]) -> AbstractAsyncContextManager[None]:
        """Nothing is kept."""
        return contextlib.nullcontext()

    async def close(self) -> None:
        """Nothing is held."""


class ValkeyReadCache:
    """Keeps answers for all processes that use this Valkey; `url` is redis:// or rediss://."""

    def __init__(self, url: str, context: str, now: Callable[[], float] = time.monotonic) -> None:
        self._link = ValkeyLink(url, now)
        self._prefix = f"invx:read:{context}:"
        script = self._link.client.register_script
        self._find, self._keep = script(_FIND), script(_KEEP)
        self._begin, self._end = script(_BEGIN), script(_END)
        self._count = partial(READS_KEPT.labels, context)

    async def get(self, tenant_id: UUID, question: str, read: Read) -> bytes:
        """See `ReadCache.get`."""
        mine = secrets.token_hex(8)
        try:
            mark, kept = await self._asked(self._find, [tenant_id], question, mine, KEPT_SECONDS)
        except ValkeyAway:
            self._count("away").inc()
            return await read()
        if kept is not None:
            self._count("kept").inc()
            return bytes(kept)
        self._count("read").inc()
        answer = await read()
        if mark is not None:
            with contextlib.suppress(ValkeyAway):  # then it is read again
                await self._asked(self._keep, [tenant_id], question, mark, answer)
        return answer

    @asynccontextmanager
    async def changing(self, tenant_ids: Collection[UUID]) -> AsyncIterator[None]:
        """See `ReadCache.changing`."""
        with contextlib.suppress(ValkeyAway):  # then the marks end by themselves
            await self._asked(self._begin, tenant_ids, CHANGING_SECONDS)
        try:
            yield
        finally:
            with contextlib.suppress(ValkeyAway):  # then nothing is kept for a while
                await self._asked(self._end, tenant_ids, CHANGING_SECONDS)

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def _asked(self, script: Any, tenant_ids: Collection[UUID], *values: Any) -> Any:
        keys = [f"{self._prefix}{each}" for each in tenant_ids]
        return await self._link.ask(partial(script, keys=keys, args=values))


def read_cache(url: str | None, context: str) -> ReadCache:
    """Of a context, where there is a Valkey."""
    return ValkeyReadCache(url, context) if url else NoReadCache()


# One hash per tenant. "!": how many are changing its facts; while it is there, nothing else is.
# "=": the mark. "?…": a question's answer.
_FIND = """
if redis.call('HEXISTS', KEYS[1], '!') == 1 then return {false, false} end
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
_BEGIN = """
for _, key in ipairs(KEYS) do
    local changing = tonumber(redis.call('HGET', key, '!') or 0) + 1
    redis.call('DEL', key)
    redis.call('HSET', key, '!', changing)
    redis.call('EXPIRE', key, ARGV[1])
end
"""
# Also what was kept since a flush, or since a time that ran out, is removed.
_END = """
for _, key in ipairs(KEYS) do
    local changing = tonumber(redis.call('HGET', key, '!') or 1) - 1
    redis.call('DEL', key)
    if changing > 0 then
        redis.call('HSET', key, '!', changing)
        redis.call('EXPIRE', key, ARGV[1])
    end
end
"""
