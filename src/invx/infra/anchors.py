"""The places outside the database where seals are kept, as they are set up."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from invx.infra.anchor_bucket import AnchorBucket
from invx.infra.anchor_file import AnchorFile
from invx.infra.anchor_timestamps import TimestampAnchor, roots_in
from invx.infra.storage.buckets import Bucket, BucketPlace, S3Settings
from invx.kernel.ports import Clock, SealAnchor


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """Where seals are kept outside the database; nowhere unless it is named."""

    file: Path | None = None
    bucket: BucketPlace | None = None  # with object lock
    retention_days: int = 3_650
    tsa_url: str | None = None  # a timestamp authority, and the file of certificates it leads to
    tsa_roots: Path | None = None


def anchors_of(wanted: AnchorSettings, s3: S3Settings, clock: Clock) -> list[SealAnchor]:
    """The anchors that are set up."""
    found = list[SealAnchor]()
    if wanted.file is not None:
        found.append(AnchorFile(wanted.file))
    if wanted.bucket is not None:
        found.append(bucket_anchor(wanted, s3, wanted.bucket, clock))
    if wanted.tsa_url is not None and wanted.tsa_roots is not None:
        found.append(TimestampAnchor(wanted.tsa_url, roots_in(wanted.tsa_roots)))
    return found


def bucket_anchor(
    wanted: AnchorSettings, s3: S3Settings, place: BucketPlace, clock: Clock
) -> AnchorBucket:
    """The anchor in a bucket."""
    retention = timedelta(days=wanted.retention_days)
    return AnchorBucket(Bucket(place, s3), clock, retention=retention)
