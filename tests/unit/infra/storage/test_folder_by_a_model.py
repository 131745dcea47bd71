"""A folder of files against a dictionary that says what must be there (ADR 0019).

The model knows content and age of each tenant's files; Hypothesis deals the steps. Between them
strangers' files appear and machines die in the middle of a put.
"""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.storage.checked import path_of
from invx.infra.storage.folder import FolderStorage
from invx.kernel.storage import FileDamaged, FileMissing, Listed, StorageUnavailable

TENANTS = (UUID(int=1), UUID(int=2))
CONTENTS = (b"", b"%PDF-1.7 one", b"<Invoice/>", b"a;b\n1;2\n")
HOUR = timedelta(hours=1)
HASHES = tuple(hashlib.sha256(each).hexdigest() for each in CONTENTS)


@dataclass(slots=True)
class Model:
    """What was put and is not deleted: hours since, by tenant and hash; and what is spoilt."""

    ages: dict[tuple[UUID, str], int] = field(default_factory=dict)
    spoilt: set[tuple[UUID, str]] = field(default_factory=set)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="invx-model-") as made:
        yield Path(made)


async def listed(storage: FolderStorage, tenant: UUID) -> list[Listed]:
    return [each async for each in storage.listed(tenant)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "pieces", "age", "spoil", "delete", "lose"]),
        st.sampled_from(TENANTS),
        st.integers(0, len(CONTENTS) - 1),
        st.integers(0, 3),
    ),
    max_size=14,
)


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 3):
        yield content[at : at + 3]


async def take(root: Path, model: Model, step: tuple[str, UUID, int, int]) -> None:
    storage, (what, tenant, which, hours) = FolderStorage(root), step
    content, sha256 = CONTENTS[which], HASHES[which]
    path, key = root / path_of(tenant, sha256), (tenant, sha256)
    match what:
        case "put" | "pieces":
            stored = await storage.put(tenant, content if what == "put" else in_pieces(content))
            assert (stored.sha256, stored.size) == (sha256, len(content))
            model.ages[key] = 0
            model.spoilt.discard(key)
        case "age" if key in model.ages:
            moment = path.stat().st_mtime - hours * 3600
            os.utime(path, (moment, moment))
            model.ages[key] += hours
        case "spoil" if key in model.ages:
            known = path.stat()
            path.write_bytes(content + b"!")
            os.utime(path, (known.st_mtime, known.st_mtime))
            model.spoilt.add(key)
        case "lose" if key in model.ages:
            path.unlink()
            del model.ages[key]
            model.spoilt.discard(key)
        case "delete":
            # Half an hour lies between, so that what the test itself takes does not count.
            before = datetime.now(UTC) - hours * HOUR + HOUR / 2
            young = key in model.ages and model.ages[key] < hours
            assert await storage.delete(tenant, sha256, before=before) is not young
            if not young:
                model.ages.pop(key, None)
                model.spoilt.discard(key)


async def agrees(storage: FolderStorage, model: Model) -> None:
    for tenant in TENANTS:
        found = await listed(storage, tenant)
        assert [each.sha256 for each in found] == sorted(s for t, s in model.ages if t == tenant)
        for each in found:
            hours = model.ages[tenant, each.sha256]
            assert abs(datetime.now(UTC) - hours * HOUR - each.put_at) < HOUR / 2
        for content, sha256 in zip(CONTENTS, HASHES, strict=True):
            key = (tenant, sha256)
            assert await storage.exists(tenant, sha256) is (key in model.ages)
            if key not in model.ages:
                with pytest.raises(FileMissing):
                    await storage.get(tenant, sha256)
            elif key in model.spoilt:
                with pytest.raises(FileDamaged):
                    await storage.get(tenant, sha256)
            else:
                assert await storage.get(tenant, sha256) == content


@given(steps)
@settings(max_examples=25, deadline=None)
async def test_a_folder_holds_what_the_model_holds(
    taken: list[tuple[str, UUID, int, int]],
) -> None:
    with folder() as root:
        storage, model = FolderStorage(root), Model()
        for step in taken:
            await take(root, model, step)
        await agrees(storage, model)
        await agrees(FolderStorage(root), model)  # another process sees the same


STRANGERS = [".nfs0000000000a1b2c3", ".DS_Store", f".{'a' * 64}.Xy12Ab", "a" * 63, "A" * 64]


@pytest.mark.parametrize("name", STRANGERS)
async def test_what_others_left_in_the_folder_is_not_ours_to_list(
    tmp_path: Path, name: str
) -> None:
    """A file server's and a copying program's leavings: the sweep once fell over them."""
    storage = FolderStorage(tmp_path)
    stored = await storage.put(TENANTS[0], b"ours")
    beside = (tmp_path / path_of(TENANTS[0], stored.sha256)).with_name(name)
    beside.write_bytes(b"theirs")
    assert [each.sha256 for each in await listed(storage, TENANTS[0])] == [stored.sha256]
    assert beside.read_bytes() == b"theirs"


@pytest.mark.parametrize(("days", "stays"), [(0, True), (0.9, True), (1.1, False), (30, False)])
async def test_a_draft_is_removed_when_nobody_can_be_writing_it_any_more(
    tmp_path: Path, days: float, stays: bool
) -> None:
    storage = FolderStorage(tmp_path)
    stored = await storage.put(TENANTS[0], b"whole")
    draft = tmp_path / str(TENANTS[0]) / ".put-0011223344556677"
    draft.write_bytes(b"who")
    moment = draft.stat().st_mtime - days * 86_400
    os.utime(draft, (moment, moment))
    assert [each.sha256 for each in await listed(storage, TENANTS[0])] == [stored.sha256]
    assert draft.exists() is stays


async def test_a_put_that_breaks_off_leaves_no_draft(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await FolderStorage(tmp_path).put(TENANTS[0], broken())
    assert list((tmp_path / str(TENANTS[0])).iterdir()) == []


@pytest.mark.parametrize("at", ["root", "tenant", "first"])
async def test_a_file_in_the_place_of_a_folder_is_an_error_of_the_storage(
    tmp_path: Path, at: str
) -> None:
    """Not of the caller, and nothing is left half-written."""
    root, sha256 = tmp_path / "files", hashlib.sha256(b"x").hexdigest()
    blocked = {"root": root, "tenant": root / str(TENANTS[0])}
    blocked["first"] = blocked["tenant"] / sha256[:2]
    blocked[at].parent.mkdir(parents=True, exist_ok=True)
    blocked[at].write_bytes(b"in the way")
    with pytest.raises(StorageUnavailable, match="folder: "):
        await FolderStorage(root).put(TENANTS[0], b"x")
    assert blocked[at].read_bytes() == b"in the way"
    assert list(root.rglob(".put-*")) == []


async def test_a_tenant_without_files_has_none_and_no_folder_is_made(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "files")
    assert await listed(storage, TENANTS[0]) == []
    assert await storage.delete(TENANTS[0], HASHES[0], before=datetime.now(UTC))
    assert not (tmp_path / "files").exists()


async def test_only_the_account_and_its_group_read_the_files(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "files")
    stored = await storage.put(TENANTS[0], b"secret")
    path = tmp_path / "files" / path_of(TENANTS[0], stored.sha256)
    assert path.stat().st_mode & 0o007 == 0
    for parent in (path.parent, path.parent.parent):
        assert parent.stat().st_mode & 0o007 == 0
