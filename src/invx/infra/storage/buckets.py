"""A bucket of an S3-compatible server, for storage and anchor: calls in threads, errors named.

botocore is the client: the part of Amazon's own SDK that signs and speaks, kept by Amazon. It is
imported only where a bucket is set up, since it takes 0.5 s and 60 MB.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from invx.kernel.storage import StorageUnavailable

T = TypeVar("T")

_CALLS_AT_ONCE = 8
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 60, 3
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


@dataclass(frozen=True, slots=True)
class S3Settings:
    """The server. Without keys botocore looks where it always does (AWS_…, the machine's role)."""

    endpoint: str | None = None
    region: str = "eu-central-1"
    key_id: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Where in a server: `s3://bucket/prefix`."""

    bucket: str
    prefix: str = ""

    @classmethod
    def of(cls, address: str) -> "BucketPlace":
        """Raises ValueError when it names no bucket."""
        parts = urlsplit(address)
        more = parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme != "s3" or not parts.netloc or more:
            raise ValueError("an address like s3://bucket/prefix is wanted")
        prefix = parts.path.strip("/")
        return cls(parts.netloc, f"{prefix}/" if prefix else "")


class KeyMissing(Exception):
    """There is no such object."""


class KeyTaken(Exception):
    """There is such an object already."""


class Bucket:
    """Calls of one bucket. `call("get_object", Key=…)` is botocore's, below the prefix."""

    def __init__(self, place: BucketPlace, settings: S3Settings) -> None:
        self.place = place
        self._settings = settings
        self._made: Any = None
        self._threads = ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="s3")

    async def call(self, operation: str, **given: Any) -> Any:
        """The answer. Raises KeyMissing, KeyTaken, StorageUnavailable."""
        if "Key" in given:
            given["Key"] = self.place.prefix + given["Key"]
        return await self.apart(
            lambda: getattr(self._client(), operation)(Bucket=self.place.bucket, **given)
        )

    async def apart(self, work: Callable[[], T]) -> T:
        """Anything that speaks to the server, in a thread, with its errors named."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: _named(work))

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown()
        if self._made is not None:
            self._made.close()

    def _client(self) -> Any:
        if self._made is None:
            from botocore.config import Config  # noqa: PLC0415 - see the head of this file
            from botocore.session import Session  # noqa: PLC0415

            settings = self._settings
            self._made = Session().create_client(
                "s3",
                endpoint_url=settings.endpoint,
                region_name=settings.region,
                aws_access_key_id=settings.key_id,
                aws_secret_access_key=settings.secret,
                config=Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS,
                    retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
                    max_pool_connections=_CALLS_AT_ONCE,
                    # Other servers than Amazon's mostly know buckets by path only, and not all of
                    # them the trailing checksums that botocore adds since 2025.
                    s3={"addressing_style": "path" if settings.endpoint else "auto"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        return self._made


def _named(work: Callable[[], T]) -> T:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415

    try:
        return work()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _NOT_THERE:
            raise KeyMissing from error
        if code in _TAKEN:
            raise KeyTaken from error
        # The server's words name the bucket and the key; botocore never puts secrets into them.
        raise StorageUnavailable(f"s3: {error}") from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise StorageUnavailable(f"s3: {error}") from error
