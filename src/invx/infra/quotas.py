"""How much of this installation a tenant may take, by the class that its directory names.

Requests are counted by a token bucket (`buckets`): `requests_per_second` come in, at most `burst`
are held. Without Valkey several processes allow a tenant that much each. A class that no quota is
set for is bounded by nothing.
"""

import math
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from invx.infra.buckets import Buckets, MemoryBuckets
from invx.infra.storage.places import FileLimits
from invx.infra.tenancy import UnknownTenant
from invx.kernel import limits
from invx.kernel.errors import DomainError, Kind

QUOTA_KEYS = (
    *("requests_per_second", "burst"),
    *("file_bytes", "files", "files_bytes", "documents_per_day"),
)
DEFAULT_CLASS = "standard"  # of a tenant that nobody classified
_RATE = "requests_per_second"  # alone of them need not be whole
_MOST = 10**15  # of anything; what is more would not fit into a column
_CLASS = re.compile(r"[a-z][a-z0-9_]{0,30}")
_DAY_SECONDS = 86_400


class TooManyRequests(DomainError):
    """The tenant asks for more than its quota allows; ask again after the time that is named."""

    kind = Kind.TOO_MANY
    lasting = False

    def __init__(self, quota: "Quota", wait_seconds: float) -> None:
        super().__init__()
        self.headers = {
            "Retry-After": str(math.ceil(wait_seconds)),
            # draft-ietf-httpapi-ratelimit-headers: what is allowed, and what is left of it.
            "RateLimit-Policy": f'"{quota.name}";q={quota.burst};w={quota.window_seconds}',
            "RateLimit": f'"{quota.name}";r=0;t={math.ceil(wait_seconds)}',
        }


@dataclass(frozen=True, slots=True)
class Quota:
    """What a class of tenants may take. `files` replaces the limits of the installation."""

    name: str
    requests_per_second: float | None = None
    burst: int = 1
    files: FileLimits | None = None
    documents_per_day: int | None = None  # of system time, in UTC

    @property
    def window_seconds(self) -> int:
        """The time in which a whole burst comes in again."""
        return math.ceil(self.burst / (self.requests_per_second or 1))


def quotas_of(said: Mapping[str, Mapping[str, float]], files: FileLimits) -> dict[str, Quota]:
    """What a JSON object says of each class; `files` are the limits of those that name none.

    Raises ValueError, TypeError and AttributeError for none such.
    """
    return {name: _quota(name, each, files) for name, each in said.items()}


def _quota(name: str, said: Mapping[str, float], files: FileLimits) -> Quota:
    numbers = all(
        not isinstance(each, bool) and 0 < each <= _MOST and (key == _RATE or int(each) == each)
        for key, each in said.items()
    )
    if not numbers or not said.keys() <= set(QUOTA_KEYS) or not _CLASS.fullmatch(name):
        raise ValueError(name)
    each = said.get("requests_per_second")
    allowed = FileLimits(
        min(int(said.get("file_bytes", files.file_bytes)), limits.BODY_BYTES_MAX),
        int(said.get("files", files.files)),
        int(said.get("files_bytes", files.all_bytes)),
    )
    a_day = int(said["documents_per_day"]) if "documents_per_day" in said else None
    return Quota(name, each, max(1, int(said.get("burst", each or 1))), allowed, a_day)


class Admission:
    """Lets requests of tenants in, or tells them to wait."""

    def __init__(
        self,
        quotas: Mapping[str, Quota],
        class_of: Callable[[UUID], Awaitable[str]],
        now: Callable[[], float] = time.monotonic,
        buckets: Buckets | None = None,
        today: Callable[[], int] = lambda: int(time.time() // _DAY_SECONDS),
    ) -> None:
        self._classes = frozenset(quotas)
        self._quotas = {name: each for name, each in quotas.items() if each.requests_per_second}
        self._class_of = class_of
        self._buckets = buckets or MemoryBuckets(now)
        self._today = today
        self._day = 0  # of which the counts are
        self._asked: Counter[UUID] = Counter()

    def asked_today(self, tenant_id: UUID) -> int:
        """How many requests of the tenant this process saw today (UTC), also those it refused."""
        self._turn_day()
        return self._asked[tenant_id]

    def _turn_day(self) -> None:
        if (day := self._today()) != self._day:
            self._day = day
            self._asked.clear()

    async def label_of(self, tenant_id: UUID) -> str:
        """The class of the tenant in metrics; "none" for a tenant that will not be found.

        Only classes that the settings name are told apart, so that labels stay few.
        """
        if not self._classes:
            return DEFAULT_CLASS
        try:
            found = await self._class_of(tenant_id)
        except UnknownTenant:
            return "none"
        return found if found in self._classes or found == DEFAULT_CLASS else "other"

    async def admit(self, tenant_id: UUID) -> None:
        """Take one request from the tenant's bucket. Raises TooManyRequests."""
        self._turn_day()
        self._asked[tenant_id] += 1
        if not self._quotas:
            return
        try:
            quota = self._quotas.get(await self._class_of(tenant_id))
        except UnknownTenant:
            return  # it will not be found
        if quota is None or quota.requests_per_second is None:
            return
        wait = await self._buckets.take(str(tenant_id), quota.requests_per_second, quota.burst)
        if wait > 0:
            raise TooManyRequests(quota, wait)
