"""Valkey, or Redis, as something that helps: where it is slow or gone it is not waited for."""

import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

ANSWER_SECONDS_MAX = 0.1
REST_SECONDS = 1.0  # after it did not answer, before it is asked again

T = TypeVar("T")

log = structlog.get_logger(__name__)


class ValkeyAway(Exception):
    """It does not answer now; whoever asked goes on without it."""


class ValkeyLink:
    """Connections to one server; `url` is redis:// or rediss://."""

    def __init__(self, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self.client = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS_MAX,
            socket_connect_timeout=ANSWER_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        self._where = urlsplit(url).hostname
        self._now = now
        self._rests_until = -math.inf

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer. Raises ValkeyAway after a tenth of a second, and then at once for a while."""
        if self._now() < self._rests_until:
            raise ValkeyAway
        try:
            return await question()
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = self._now() + REST_SECONDS
            log.warning("valkey_away", host=self._where, reason=type(error).__name__)
            raise ValkeyAway from error

    async def close(self) -> None:
        """Disconnect."""
        with contextlib.suppress(RedisError, OSError):  # what is gone needs no farewell
            await self.client.aclose()
