"""The port to where files lie: each under the SHA-256 of its bytes, apart for each tenant.

Bytes are put before the transaction that names them, and deleted after the one that last did. So a
row never names what is not there; what a crash leaves over is named by nobody, and is swept.
"""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from invx.kernel.errors import Damaged, Unavailable

Bytes = bytes | AsyncIterable[bytes]
EVER = datetime.max.replace(tzinfo=UTC)  # deletes a file however young it is


class FileMissing(Damaged):
    """A stored file is not where it must be."""


class FileDamaged(Damaged):
    """The bytes of a stored file are not those that were stored."""


class StorageUnavailable(Unavailable):
    """Where files are kept does not answer; nothing was written."""


class StorageNotSetUp(Unavailable):
    """A file lies in a storage that this process is not set up for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies somewhere: the hash of its bytes in hexadecimal, how many, and where."""

    sha256: str
    size: int
    place: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the storage lists it; `put_at` is when it was last put."""

    sha256: str
    size: int
    put_at: datetime


class Storage(Protocol):
    """Keeps the files of all tenants. Each call but `listed` names the file and the tenant.

    Everything may raise StorageUnavailable.
    """

    @property
    def place(self) -> str:
        """What rows call it."""
        ...

    async def put(self, tenant_id: UUID, content: Bytes) -> Stored:
        """Keep these bytes; they are safe when it returns. Again, it keeps them once.

        Nobody sees a file before it is whole. Putting anew makes its `put_at` the present.
        """
        ...

    async def get(self, tenant_id: UUID, sha256: str) -> bytes:
        """The bytes, which give this hash. Raises FileMissing, FileDamaged."""
        ...

    def stream(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """The same in pieces. The last one comes only if all together give the hash."""
        ...

    async def exists(self, tenant_id: UUID, sha256: str) -> bool:
        """Whether there is such a file, of whatever bytes."""
        ...

    async def delete(self, tenant_id: UUID, sha256: str, *, before: datetime) -> bool:
        """Delete the file unless it was put at `before` or later; whether it is gone now."""
        ...

    def listed(self, tenant_id: UUID) -> AsyncIterator[Listed]:
        """Every file of a tenant, by hash."""
        ...

    async def probe(self) -> None:
        """Write, read and delete something, of no tenant. Raises what goes wrong."""
        ...
