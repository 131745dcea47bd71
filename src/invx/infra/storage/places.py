"""Where the files of a context lie: one storage takes the new ones, others may hold older ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from invx.infra.storage.bucket import BucketStorage
from invx.infra.storage.buckets import Bucket, BucketPlace, S3Settings
from invx.infra.storage.checked import damaged, ensure
from invx.infra.storage.folder import FolderStorage
from invx.kernel.storage import Storage, StorageNotSetUp, Stored

DATABASE = "database"  # rows of their own, by hash
ROW = "row"  # in the very row that names it, as all files were until storages came


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Addresses: `database`, `folder:/path` or `s3://bucket/prefix`; at most one of each kind."""

    main: str = DATABASE
    also: tuple[str, ...] = ()
    s3: S3Settings = field(default_factory=S3Settings)


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a tenant may upload: bytes of one file; files, and bytes of them, altogether."""

    file_bytes: int = 10_000_000
    files: int = 10_000
    all_bytes: int = 5_000_000_000


class Places:
    """The storages by the name that rows call them; the first takes new files."""

    def __init__(self, storages: Iterable[Storage] = ()) -> None:
        self.all = tuple(storages)
        self._by_place = {each.place: each for each in self.all}

    @property
    def main(self) -> Storage:
        """Where new files go."""
        return self.all[0]

    def at(self, place: str) -> Storage:
        """Raises StorageNotSetUp."""
        found = self._by_place.get(place)
        if found is None:
            raise StorageNotSetUp(
                f"Files lie in the storage {place!r}, which neither INVX_STORAGE nor"
                " INVX_STORAGE_ALSO names."
            )
        return found

    async def content(self, tenant_id: UUID, stored: Stored, held: bytes | None = None) -> bytes:
        """The bytes of a file, `held` where they came with its row. They give its hash and size.

        Raises FileMissing, FileDamaged, StorageNotSetUp, StorageUnavailable.
        """
        if held is not None:
            content = await ensure(stored.place, tenant_id, stored.sha256, held)
        else:
            content = await self.at(stored.place).get(tenant_id, stored.sha256)
        if len(content) != stored.size:
            raise damaged(stored.place, tenant_id, stored.sha256)
        return content


def storages_outside(settings: StorageSettings) -> dict[str, Storage]:
    """The storages that are no database, by address. Raises ValueError for an address."""
    return {
        address: storage_at(address, settings.s3)
        for address in (settings.main, *settings.also)
        if address != DATABASE
    }


def storage_at(address: str, s3: S3Settings) -> Storage:
    """The storage at an address outside the database. Raises ValueError."""
    kind, colon, rest = address.partition(":")
    match kind:
        case "folder" if colon and rest:
            return FolderStorage(Path(rest))
        case "s3" if colon:
            return BucketStorage(Bucket(BucketPlace.of(address), s3))
        case _:
            raise ValueError("database, folder:/path or s3://bucket/prefix is wanted")


def places_of(settings: StorageSettings, rows: Storage) -> Places:
    """The places of a context; its rows can always be read."""
    outside = storages_outside(settings)
    addresses = dict.fromkeys((settings.main, *settings.also, DATABASE))
    return Places(rows if each == DATABASE else outside[each] for each in addresses)
