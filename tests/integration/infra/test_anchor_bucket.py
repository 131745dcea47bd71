"""Seals in a bucket with object lock: put once, chained, and nobody removes or replaces them."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from invx.infra.anchor_bucket import AnchorBucket, key_of
from invx.infra.anchor_file import AnchorMismatch
from invx.infra.storage.buckets import Bucket, BucketPlace, S3Settings
from invx.infra.system import SystemClock
from invx.kernel.ports import SealStatement
from invx.kernel.storage import StorageUnavailable
from tests.storages import S3Server

RETENTION = timedelta(days=30)


def statement(seal: int, *, tenant: str = "t1", root: str | None = None) -> SealStatement:
    return SealStatement(
        "invoicing",
        tenant,
        seal,
        root or f"{seal:064x}",
        3,
        "2026-11-30T12:00:00.000001Z",
        [{"series": "s", "period": "2026", "last": seal}],
    )


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    return s3.bucket(locked=True, prefix="seals/")


@pytest.fixture
def anchor(bucket: Bucket) -> AnchorBucket:
    return AnchorBucket(bucket, SystemClock(), retention=RETENTION)


def stored(s3: S3Server, bucket: Bucket, seal: int) -> dict[str, Any]:
    found: dict[str, Any] = s3.client().get_object(
        Bucket=bucket.place.bucket, Key=f"seals/{key_of('invoicing', 't1', seal)}"
    )
    return found


async def held(anchor: AnchorBucket) -> list[tuple[int, str]]:
    return [(each.seal, each.root) async for each in anchor.seals("invoicing", "t1")]


async def test_each_seal_is_an_object_under_retention_chained_to_the_one_before(
    s3: S3Server, bucket: Bucket, anchor: AnchorBucket
) -> None:
    receipts = await anchor.keep([statement(1), statement(2)], known=0)
    receipts += await anchor.keep([statement(3)], known=2)
    previous = "0" * 64
    for seal, receipt in enumerate(receipts, 1):
        found = stored(s3, bucket, seal)
        body = found["Body"].read()
        assert json.loads(body)["previous"] == previous
        previous = hashlib.sha256(body).hexdigest()
        assert (receipt["line"], receipt["sha256"]) == (seal, previous)
        assert receipt["version"] == found["VersionId"]
        assert found["ObjectLockMode"] == "COMPLIANCE"
        until = found["ObjectLockRetainUntilDate"] - SystemClock().now()
        assert RETENTION - timedelta(minutes=5) < until <= RETENTION
    assert await held(anchor) == [(n, f"{n:064x}") for n in (1, 2, 3)]
    assert anchor.name == f"s3:{bucket.place.bucket}/seals/"


async def test_the_bucket_does_not_let_a_seal_go(
    s3: S3Server, bucket: Bucket, anchor: AnchorBucket
) -> None:
    [receipt] = await anchor.keep([statement(1)], known=0)
    key = f"seals/{key_of('invoicing', 't1', 1)}"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.client().delete_object(Bucket=bucket.place.bucket, Key=key, VersionId=receipt["version"])


async def test_what_is_kept_already_is_kept_once(anchor: AnchorBucket, bucket: Bucket) -> None:
    """The process died between the bucket and the receipt: the next one keeps the same again."""
    first = await anchor.keep([statement(1), statement(2)], known=0)
    other = AnchorBucket(bucket, SystemClock(), retention=RETENTION)
    assert await other.keep([statement(1), statement(2)], known=0) == first
    assert len(await held(anchor)) == 2


async def test_another_seal_under_the_same_number_is_refused(anchor: AnchorBucket) -> None:
    """The database was restored to an earlier state, and went on otherwise."""
    await anchor.keep([statement(1), statement(2)], known=0)
    with pytest.raises(AnchorMismatch, match="seal 2 of invoicing, tenant t1 is another"):
        await anchor.keep([statement(2, root="f" * 64)], known=1)
    assert await held(anchor) == [(1, f"{1:064x}"), (2, f"{2:064x}")]


async def test_a_receipt_of_what_is_not_there_is_noticed(anchor: AnchorBucket) -> None:
    await anchor.keep([statement(1)], known=0)
    with pytest.raises(AnchorMismatch, match="does not hold seal 2"):
        await anchor.keep([statement(3)], known=2)
    with pytest.raises(AnchorMismatch, match="lacks seal 2"):
        await anchor.keep([statement(3)], known=0)


async def test_a_mark_of_deletion_hides_nothing(
    s3: S3Server, bucket: Bucket, anchor: AnchorBucket
) -> None:
    await anchor.keep([statement(1), statement(2)], known=0)
    key = f"seals/{key_of('invoicing', 't1', 1)}"
    s3.client().delete_object(Bucket=bucket.place.bucket, Key=key)
    assert await held(anchor) == [(1, f"{1:064x}"), (2, f"{2:064x}")]
    with pytest.raises(AnchorMismatch):
        await anchor.keep([statement(1, root="f" * 64)], known=0)


async def test_what_was_put_over_it_does_not_count_and_is_named(
    s3: S3Server, bucket: Bucket, anchor: AnchorBucket
) -> None:
    await anchor.keep([statement(1)], known=0)
    key = f"seals/{key_of('invoicing', 't1', 1)}"
    s3.client().put_object(Bucket=bucket.place.bucket, Key=key, Body=b"{}")
    with pytest.raises(AnchorMismatch, match="put again"):
        await held(anchor)
    assert await anchor.keep([statement(1)], known=1)  # the first version is what was kept


async def test_tenants_are_apart(anchor: AnchorBucket) -> None:
    await anchor.keep([statement(1)], known=0)
    await anchor.keep([statement(1, tenant="t2", root="e" * 64)], known=0)
    assert await held(anchor) == [(1, f"{1:064x}")]


async def test_a_bucket_without_lock_is_refused(s3: S3Server) -> None:
    anchor = AnchorBucket(s3.bucket(prefix=""), SystemClock(), retention=RETENTION)
    with pytest.raises(StorageUnavailable, match="s3"):
        await anchor.keep([statement(1)], known=0)


async def test_a_server_that_is_away_is_said_to_be() -> None:
    bucket = Bucket(BucketPlace("b"), S3Settings("http://127.0.0.1:9", "x", "k", "s"))
    anchor = AnchorBucket(bucket, SystemClock(), retention=RETENTION)
    with pytest.raises(StorageUnavailable):
        await anchor.keep([statement(1)], known=0)
