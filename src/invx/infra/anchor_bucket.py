"""The anchor in a bucket with object lock: one object a seal, which nobody can change or remove.

The bucket keeps versions and locks. An object is put only where there is none (`If-None-Match`),
under retention in compliance mode: until it ends not even the account's owner deletes it. Each is
chained to the one before of its tenant, so that one that is missing is noticed.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec

from invx.infra.anchor_file import AnchoredSeal, AnchorMismatch
from invx.infra.storage.buckets import Bucket, KeyMissing, KeyTaken
from invx.kernel.ports import Clock, SealStatement

_FORMAT = "invx anchor object 1"
_FIRST = "0" * 64


class AnchorBucket:
    """Puts seals into a bucket, and makes sure of what lies there already."""

    def __init__(self, bucket: Bucket, clock: Clock, *, retention: timedelta) -> None:
        self._bucket = bucket
        self._clock = clock
        self._retention = retention

    @property
    def name(self) -> str:
        return f"s3:{self._bucket.place.bucket}/{self._bucket.place.prefix}"

    async def keep(
        self, statements: Sequence[SealStatement], *, known: int
    ) -> list[Mapping[str, Any]]:
        """See SealAnchor. Raises StorageUnavailable too."""
        first = statements[0]
        if known and await self._read(key_of(first.context, first.tenant, known)) is None:
            raise AnchorMismatch(
                f"{self.name} does not hold seal {known} of {first.context}, tenant"
                f" {first.tenant}, of which it gave a receipt."
            )
        previous = await self._before(first)
        receipts: list[Mapping[str, Any]] = []
        for statement in statements:
            body, receipt = await self._keep(statement, previous)
            previous = hashlib.sha256(body).hexdigest()
            receipts.append(receipt)
        return receipts

    async def _before(self, statement: SealStatement) -> str:
        """The hash of the object before; zeros for the first seal."""
        if statement.seal == 1:
            return _FIRST
        held = await self._read(key_of(statement.context, statement.tenant, statement.seal - 1))
        if held is None:
            raise AnchorMismatch(
                f"{self.name} lacks seal {statement.seal - 1} of {statement.context}, tenant"
                f" {statement.tenant}: name another anchor, and all seals go there."
            )
        return hashlib.sha256(held[0]).hexdigest()

    async def _keep(
        self, statement: SealStatement, previous: str
    ) -> tuple[bytes, Mapping[str, Any]]:
        key = key_of(statement.context, statement.tenant, statement.seal)
        said = {"format": _FORMAT, **asdict(statement), "previous": previous}
        body = msgspec.json.encode(said)
        until = self._clock.now() + self._retention
        held = await self._read(key)
        if held is None:
            try:
                put = await self._bucket.call(
                    "put_object",
                    Key=key,
                    Body=body,
                    ContentType="application/json",
                    IfNoneMatch="*",
                    ObjectLockMode="COMPLIANCE",
                    ObjectLockRetainUntilDate=until,
                    ChecksumAlgorithm="SHA256",
                )
                return body, _receipt(statement.seal, body, put["VersionId"])
            except KeyTaken:
                held = await self._read(key)  # another process was faster
        found, version = held if held is not None else (b"", "")
        if not _is_it(found, statement):
            raise AnchorMismatch(
                f"{self.name}: seal {statement.seal} of {statement.context}, tenant"
                f" {statement.tenant} is another: the database was restored to an earlier state, or"
                " rewritten."
            )
        return found, _receipt(statement.seal, found, version)

    async def _read(self, key: str) -> tuple[bytes, str] | None:
        """What was first put under a key, and which version that is.

        Versions that came later do not count, and a mark that it was deleted does not hide it.
        """
        versions = await self._versions(key)
        if not versions:
            return None
        first = versions[-1]["VersionId"]
        try:
            answer = await self._bucket.call("get_object", Key=key, VersionId=first)
        except KeyMissing:
            return None
        return await self._bucket.apart(answer["Body"].read), first

    async def _versions(self, key: str) -> list[Any]:
        """The versions of one key, the newest first, as the server lists them."""
        whole = self._bucket.place.prefix + key
        listed = await self._bucket.call("list_object_versions", Prefix=whole)
        return [each for each in listed.get("Versions", ()) if each["Key"] == whole]

    async def seals(self, context: str, tenant: str) -> AsyncIterator[AnchoredSeal]:
        """Every seal of a tenant, in order. Raises AnchorMismatch at the first that is wrong."""
        previous, seal = _FIRST, 1
        while (held := await self._read(key := key_of(context, tenant, seal))) is not None:
            body, version = held
            said = _said(body)
            if (said.get("previous"), said.get("seal")) != (previous, seal):
                raise AnchorMismatch(f"{self.name}{key} does not follow from the one before it.")
            if len(await self._versions(key)) > 1:
                raise AnchorMismatch(f"{self.name}{key} was put again after {version}.")
            previous = hashlib.sha256(body).hexdigest()
            yield AnchoredSeal(self.name, context, tenant, seal, said["root"], seal, previous)
            seal += 1


def key_of(context: str, tenant: str, seal: int) -> str:
    """Where a seal lies: names sort as seals follow."""
    return f"{context}/{tenant}/{seal:012}.json"


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except ValueError:  # no JSON, or no UTF-8
        return {}
    return said if isinstance(said, dict) and said.get("format") == _FORMAT else {}


def _is_it(body: bytes, statement: SealStatement) -> bool:
    said = _said(body)
    return (said.get("root"), said.get("seal")) == (statement.root, statement.seal)


def _receipt(seal: int, body: bytes, version: str) -> Mapping[str, Any]:
    return {"line": seal, "sha256": hashlib.sha256(body).hexdigest(), "version": version}
