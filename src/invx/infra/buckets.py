"""Token buckets, by which requests are counted: in this process, or in Valkey for all replicas.

`rate` tokens a second come in, at most `burst` are held, a request takes one. Where Valkey is slow
or gone each process counts for itself meanwhile, which lets in more and refuses nobody wrongly; one
that was flushed begins with full buckets.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Protocol

from invx.infra.valkey import ValkeyAway, ValkeyLink

_BUCKETS_MAX = 10_000
_ROUNDING = 1e-6  # of a request: who waits as long as he was told is not sent away again
_PREFIX = "invx:bucket:"


class Buckets(Protocol):
    """Where requests are counted."""

    async def take(self, key: str, rate: float, burst: int) -> float:
        """Take one: 0, or the seconds after which there is one to take again."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class MemoryBuckets:
    """Counts for this process alone, and for the keys that were asked for last."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how many, and when

    async def take(self, key: str, rate: float, burst: int) -> float:
        """Never waits."""
        now = self._now()
        held, since = self._held.get(key, (float(burst), now))
        held = min(burst, held + (now - since) * rate)
        refused = held < 1 - _ROUNDING
        self._held[key] = (held if refused else held - 1, now)
        self._held.move_to_end(key)
        if len(self._held) > _BUCKETS_MAX:
            self._held.popitem(last=False)
        return (1 - held) / rate if refused else 0.0

    async def close(self) -> None:
        """Nothing is held."""


class ValkeyBuckets:
    """Counts for everybody who uses this Valkey, by its clock; `url` is redis:// or rediss://."""

    def __init__(self, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self._link = ValkeyLink(url, now)
        self._take = self._link.client.register_script(_TAKE)
        self._alone = MemoryBuckets(now)

    async def take(self, key: str, rate: float, burst: int) -> float:
        """Waits a tenth of a second at most, and then counts alone for a while."""
        asked = partial(self._take, keys=[_PREFIX + key], args=[rate, burst])
        try:
            return float(await self._link.ask(asked))
        except ValkeyAway:
            return await self._alone.take(key, rate, burst)

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()


def buckets_at(url: str | None) -> Buckets:
    """Of all processes that use this Valkey; without one, of this process."""
    return ValkeyBuckets(url) if url else MemoryBuckets()


# A bucket that would be full again anyway is forgotten.
_TAKE = """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local known = redis.call('HMGET', KEYS[1], 'held', 'since')
local held, since = tonumber(known[1]) or burst, tonumber(known[2]) or now
held = math.min(burst, held + math.max(0, now - since) * rate)
local wait = 0
if held < 1 - 0.000001 then wait = (1 - held) / rate else held = held - 1 end
redis.call('HSET', KEYS[1], 'held', tostring(held), 'since', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return string.format('%.6f', wait)
"""
