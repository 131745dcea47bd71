"""Files in a bucket of an S3-compatible server.

An object is whole or not there, so nothing is moved into place. The server is told the SHA-256 of
what it gets and refuses other bytes, where it looks at checksums; what it gives is hashed here.
"""

import base64
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256 as new_sha256
from typing import IO, Any
from uuid import UUID

from invx.infra.storage.buckets import Bucket, KeyMissing
from invx.infra.storage.checked import (
    NOBODY,
    PIECE_BYTES,
    PROBE,
    ensure,
    is_sha256,
    missing,
    path_of,
    pieces_of,
    whole,
)
from invx.kernel.storage import Bytes, Listed, Stored

_IN_MEMORY_BYTES = 8_000_000  # of a file that is put; a larger one waits on the disk


class BucketStorage:
    """See `kernel.storage.Storage`."""

    place = "s3"

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(self, tenant_id: UUID, content: Bytes) -> Stored:
        """See Storage. It is put also where it is: so it is young, and whole again if damaged."""
        digest, size = new_sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as waiting:
            async for piece in pieces_of(content):
                digest.update(piece)
                size += len(piece)
                await self._bucket.apart(partial(waiting.write, piece))
            waiting.seek(0)
            await self._put(path_of(tenant_id, digest.hexdigest()), waiting, digest.digest())
        return Stored(digest.hexdigest(), size, self.place)

    async def _put(self, path: str, body: IO[bytes], digest: bytes) -> None:
        checksum = base64.b64encode(digest).decode()
        await self._bucket.call("put_object", Key=path, Body=body, ChecksumSHA256=checksum)

    async def get(self, tenant_id: UUID, sha256: str) -> bytes:
        """See Storage."""
        answer = await self._opened(tenant_id, sha256)
        content: bytes = await self._bucket.apart(answer["Body"].read)
        return await ensure(self.place, tenant_id, sha256, content)

    async def stream(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """See Storage."""
        async for piece in whole(self._pieces(tenant_id, sha256), self.place, tenant_id, sha256):
            yield piece

    async def _pieces(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        body = (await self._opened(tenant_id, sha256))["Body"]
        try:
            while piece := await self._bucket.apart(lambda: body.read(PIECE_BYTES)):
                yield piece
        finally:
            body.close()

    async def _opened(self, tenant_id: UUID, sha256: str) -> Any:
        try:
            return await self._bucket.call("get_object", Key=path_of(tenant_id, sha256))
        except KeyMissing:
            raise missing(self.place, tenant_id, sha256) from None

    async def exists(self, tenant_id: UUID, sha256: str) -> bool:
        """See Storage."""
        return await self._put_at(path_of(tenant_id, sha256)) is not None

    async def _put_at(self, path: str) -> datetime | None:
        try:
            moment: datetime = (await self._bucket.call("head_object", Key=path))["LastModified"]
        except KeyMissing:
            return None
        return moment

    async def delete(self, tenant_id: UUID, sha256: str, *, before: datetime) -> bool:
        """See Storage. Every version of it goes, where the bucket keeps versions.

        A bucket cannot be asked to look at the time and delete at once: a put in the milliseconds
        between is lost. Whoever deletes asks for files that nobody has put for an hour.
        """
        path = path_of(tenant_id, sha256)
        put_at = await self._put_at(path)
        if put_at is not None and put_at >= before:
            return False
        versions = await self._bucket.call(
            "list_object_versions", Prefix=self._bucket.place.prefix + path
        )
        kept = [*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())]
        for each in kept:
            await self._bucket.call("delete_object", Key=path, VersionId=each["VersionId"])
        if put_at is not None and not kept:
            await self._bucket.call("delete_object", Key=path)
        return True

    async def listed(self, tenant_id: UUID) -> AsyncIterator[Listed]:
        """See Storage."""
        asked: dict[str, Any] = {"Prefix": f"{self._bucket.place.prefix}{tenant_id}/"}
        while True:
            page = await self._bucket.call("list_objects_v2", **asked)
            for each in page.get("Contents", ()):
                name = each["Key"].rpartition("/")[2]
                if is_sha256(name):
                    yield Listed(name, each["Size"], each["LastModified"])
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    async def probe(self) -> None:
        """See Storage."""
        stored = await self.put(NOBODY, PROBE)
        await self.get(NOBODY, stored.sha256)
        await self.delete(NOBODY, stored.sha256, before=datetime.now(UTC) + timedelta(days=1))
