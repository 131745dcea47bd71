"""What only a folder or only a bucket can get wrong."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from invx.infra.storage.bucket import BucketStorage
from invx.infra.storage.buckets import Bucket, BucketPlace, S3Settings
from invx.infra.storage.checked import path_of
from invx.infra.storage.folder import FolderStorage
from invx.infra.system import Uuid7Ids
from invx.kernel.errors import InvariantViolation
from invx.kernel.storage import StorageUnavailable
from tests.storages import S3Server, make_older

TENANT = Uuid7Ids().new()


def files_in(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


async def test_a_file_lies_under_tenant_and_hash(tmp_path: Path) -> None:
    stored = await FolderStorage(tmp_path).put(TENANT, b"one")
    hash = hashlib.sha256(b"one").hexdigest()
    assert files_in(tmp_path) == [f"{TENANT}/{hash[:2]}/{hash[2:4]}/{hash}"]
    mode = (tmp_path / path_of(TENANT, stored.sha256)).stat().st_mode & 0o777
    assert mode & 0o007 == 0  # nobody else reads a customer's invoice


async def test_a_name_that_is_no_hash_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for name in ("../../secret", "", "A" * 64, "0" * 63, "/etc/passwd"):
        with pytest.raises(InvariantViolation):
            await FolderStorage(tmp_path).get(TENANT, name)


async def test_a_draft_of_a_dead_process_is_no_file_and_goes_after_a_day(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    await storage.put(TENANT, b"whole")
    draft = tmp_path / str(TENANT) / ".put-0123456789abcdef"
    draft.write_bytes(b"ha")
    assert len([each async for each in storage.listed(TENANT)]) == 1
    assert draft.exists()
    make_older(draft, timedelta(hours=25))
    assert len([each async for each in storage.listed(TENANT)]) == 1
    assert not draft.exists()


async def test_more_files_than_one_step_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invx.infra.storage.folder._LISTED_AT_ONCE", 3)
    storage = FolderStorage(tmp_path)
    put = {(await storage.put(TENANT, b"%d" % number)).sha256 for number in range(10)}
    assert {each.sha256 async for each in storage.listed(TENANT)} == put


async def test_a_place_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable, match="folder"):
        await FolderStorage(tmp_path / "file").probe()


async def test_a_server_that_does_not_answer_is_named_without_its_secret() -> None:
    settings = S3Settings("http://127.0.0.1:9", "eu-central-1", "key-id", "very-secret")
    storage = BucketStorage(Bucket(BucketPlace("nobody"), settings))
    with pytest.raises(StorageUnavailable) as refused:
        await storage.get(TENANT, "0" * 64)
    assert "very-secret" not in refused.value.detail + repr(settings)


async def test_a_bucket_that_is_not_there_is_named(s3: S3Server) -> None:
    storage = BucketStorage(Bucket(BucketPlace("no-such-bucket"), s3.settings))
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        await storage.put(TENANT, b"x")


async def test_every_version_of_a_deleted_file_goes(s3: S3Server) -> None:
    bucket = s3.bucket(locked=True)
    storage = BucketStorage(bucket)
    for _ in range(3):
        stored = await storage.put(TENANT, b"versions")
    far = (await anext(storage.listed(TENANT))).put_at + timedelta(minutes=1)
    assert await storage.delete(TENANT, stored.sha256, before=far)
    left = s3.client().list_object_versions(Bucket=bucket.place.bucket)
    assert left.get("Versions", []) == left.get("DeleteMarkers", []) == []


@pytest.mark.parametrize("wrong", ["s3:///x", "http://b/x", "s3://key:secret@b/x", "b", ""])
def test_an_address_without_bucket_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket"):
        BucketPlace.of(wrong)


def test_an_address_names_bucket_and_prefix() -> None:
    assert BucketPlace.of("s3://files") == BucketPlace("files", "")
    assert BucketPlace.of("s3://files/a/b/") == BucketPlace("files", "a/b/")
