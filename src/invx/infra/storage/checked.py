"""What every storage does alike: names of files, hashes, pieces that are hashed on their way."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from uuid import UUID

import structlog

from invx.infra.metrics import FILES_REFUSED
from invx.kernel.errors import violated
from invx.kernel.storage import Bytes, FileDamaged, FileMissing

PIECE_BYTES = 256 * 1024
NOBODY = UUID(int=0)  # whose the probe is
PROBE = b"invx storage probe\n"
_HEX = frozenset("0123456789abcdef")
_HASH_HERE_BYTES = 1_000_000  # more would hold the event loop: about a millisecond


log = structlog.get_logger(__name__)


def is_sha256(name: str) -> bool:
    """Whether a file of this name can be ours; what else lies in a storage is left alone."""
    return len(name) == 64 and _HEX.issuperset(name)  # noqa: PLR2004 - of a SHA-256


def path_of(tenant_id: UUID, sha256: str) -> str:
    """Where a file lies below the root of a storage; two levels keep folders small."""
    if not is_sha256(sha256):
        violated(f"{sha256!r} is no SHA-256")
    return f"{tenant_id}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


async def sha256_of(content: bytes) -> str:
    """The hash in hexadecimal; large files are hashed beside the event loop."""
    if len(content) <= _HASH_HERE_BYTES:
        return hashlib.sha256(content).hexdigest()
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())


def missing(place: str, tenant_id: UUID, sha256: str) -> FileMissing:
    """The error, logged and counted."""
    path = _said("missing", place, tenant_id, sha256)
    return FileMissing(f"{place} has no file {path}.")


def damaged(place: str, tenant_id: UUID, sha256: str) -> FileDamaged:
    """The error, logged and counted."""
    path = _said("damaged", place, tenant_id, sha256)
    return FileDamaged(f"{place}: the bytes of file {path} are not those that were stored.")


def _said(reason: str, place: str, tenant_id: UUID, sha256: str) -> str:
    path = path_of(tenant_id, sha256)
    FILES_REFUSED.labels(place, reason).inc()
    log.critical("stored_file_refused", place=place, reason=reason, file=path)
    return path


async def ensure(place: str, tenant_id: UUID, sha256: str, content: bytes) -> bytes:
    """The content, which gives this hash. Raises FileDamaged."""
    if await sha256_of(content) != sha256:
        raise damaged(place, tenant_id, sha256)
    return content


async def whole(
    pieces: AsyncIterator[bytes], place: str, tenant_id: UUID, sha256: str
) -> AsyncIterator[bytes]:
    """The pieces, the last of which comes only when all together give this hash.

    So whoever counts the bytes never has a whole file that is not the one. Raises FileDamaged.
    """
    digest, held = hashlib.sha256(), b""
    async for piece in pieces:
        if not piece:
            continue  # or it would let go of the last one, which is held back
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != sha256:
        raise damaged(place, tenant_id, sha256)
    yield held


async def gathered(content: Bytes) -> bytes:
    """All of it, in memory."""
    if isinstance(content, bytes):
        return content
    return b"".join([piece async for piece in content])


async def pieces_of(content: Bytes) -> AsyncIterator[bytes]:
    """It, piece by piece."""
    if isinstance(content, bytes):
        for at in range(0, len(content), PIECE_BYTES):
            yield content[at : at + PIECE_BYTES]
    else:
        stream: AsyncIterable[bytes] = content
        async for piece in stream:
            yield piece
