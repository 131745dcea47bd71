"""The storages that one suite is run against, and what tests need to break them.

The S3 server is moto's: a real HTTP server of a package, with versions, object lock and conditional
writes. It runs in a thread of the test process.
"""

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from moto.server import ThreadedMotoServer

from invx.infra.storage.bucket import BucketStorage
from invx.infra.storage.buckets import Bucket, BucketPlace, S3Settings
from invx.infra.storage.checked import ensure, gathered, missing, path_of, pieces_of, whole
from invx.infra.storage.folder import FolderStorage
from invx.kernel.storage import Bytes, Listed, Storage, Stored


class MemoryStorage:
    """The twin of the real ones; see `kernel.storage.Storage`."""

    place = "memory"

    def __init__(self) -> None:
        self.held: dict[str, tuple[bytes, datetime]] = {}

    async def put(self, tenant_id: UUID, content: Bytes) -> Stored:
        held = await gathered(content)
        sha256 = new_sha256(held).hexdigest()
        self.held[path_of(tenant_id, sha256)] = (held, datetime.now(UTC))
        return Stored(sha256, len(held), self.place)

    async def get(self, tenant_id: UUID, sha256: str) -> bytes:
        held = self.held.get(path_of(tenant_id, sha256))
        if held is None:
            raise missing(self.place, tenant_id, sha256)
        return await ensure(self.place, tenant_id, sha256, held[0])

    async def stream(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        held = self.held.get(path_of(tenant_id, sha256))
        if held is None:
            raise missing(self.place, tenant_id, sha256)
        async for piece in whole(pieces_of(held[0]), self.place, tenant_id, sha256):
            yield piece

    async def exists(self, tenant_id: UUID, sha256: str) -> bool:
        return path_of(tenant_id, sha256) in self.held

    async def delete(self, tenant_id: UUID, sha256: str, *, before: datetime) -> bool:
        path = path_of(tenant_id, sha256)
        if path in self.held and self.held[path][1] >= before:
            return False
        self.held.pop(path, None)
        return True

    async def listed(self, tenant_id: UUID) -> AsyncIterator[Listed]:
        for path, (held, put_at) in sorted(self.held.items()):
            if path.startswith(f"{tenant_id}/"):
                yield Listed(path.rpartition("/")[2], len(held), put_at)

    async def probe(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Bench:
    """A storage, and hands that reach behind it."""

    storage: Storage
    spoil: Callable[[UUID, str, bytes], Any]  # puts other bytes in the place of a file
    lose: Callable[[UUID, str], Any]
    age: Callable[[UUID, str, timedelta], Any] | None  # None: it cannot be made older


def in_memory() -> Bench:
    """The twin."""
    storage = MemoryStorage()

    def spoil(tenant_id: UUID, sha256: str, content: bytes) -> None:
        path = path_of(tenant_id, sha256)
        storage.held[path] = (content, storage.held[path][1])

    def age(tenant_id: UUID, sha256: str, by: timedelta) -> None:
        path = path_of(tenant_id, sha256)
        storage.held[path] = (storage.held[path][0], storage.held[path][1] - by)

    return Bench(storage, spoil, lambda t, s: storage.held.pop(path_of(t, s)), age)


def in_folder(root: Path) -> Bench:
    """A folder."""
    return Bench(
        FolderStorage(root),
        lambda t, s, content: (root / path_of(t, s)).write_bytes(content),
        lambda t, s: (root / path_of(t, s)).unlink(),
        lambda t, s, by: make_older(root / path_of(t, s), by),
    )


def make_older(path: Path, by: timedelta) -> None:
    """As if it had been put that much earlier."""
    moment = path.stat().st_mtime - by.total_seconds()
    os.utime(path, (moment, moment))


@dataclass(frozen=True, slots=True)
class S3Server:
    """A server that answers; anybody may sign."""

    settings: S3Settings

    def client(self) -> Any:
        """A client of botocore, to look at what was done."""
        from botocore.session import Session

        return Session().create_client(
            "s3",
            endpoint_url=self.settings.endpoint,
            region_name=self.settings.region,
            aws_access_key_id=self.settings.key_id,
            aws_secret_access_key=self.settings.secret,
        )

    def bucket(self, *, locked: bool = False, prefix: str = "files/") -> Bucket:
        """A new bucket."""
        name = f"invx-{secrets.token_hex(6)}"
        with self._open() as client:
            client.create_bucket(
                Bucket=name,
                ObjectLockEnabledForBucket=locked,
                CreateBucketConfiguration={"LocationConstraint": self.settings.region},
            )
        return Bucket(BucketPlace(name, prefix), self.settings)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        client = self.client()
        try:
            yield client
        finally:
            client.close()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server for a while."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        settings = S3Settings(f"http://{host}:{port}", "eu-central-1", "key-of-test", "secret!")
        yield S3Server(settings)
    finally:
        server.stop()


def in_bucket(server: S3Server, bucket: Bucket) -> Bench:
    """A bucket of the server."""
    name, prefix = bucket.place.bucket, bucket.place.prefix

    def spoil(tenant_id: UUID, sha256: str, content: bytes) -> None:
        server.client().put_object(
            Bucket=name, Key=prefix + path_of(tenant_id, sha256), Body=content
        )

    def lose(tenant_id: UUID, sha256: str) -> None:
        server.client().delete_object(Bucket=name, Key=prefix + path_of(tenant_id, sha256))

    return Bench(BucketStorage(bucket), spoil, lose, None)
