"""The bytes of a seal: leaves, tree and chain, as `docs/operations/seals.md` states them.

Each kind of hash begins with a byte of its own, so that no leaf can be passed off as a node
(RFC 6962, section 2.1), nor a tree as a seal.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

FIRST_ROOT = bytes(32)
_LEAF, _NODE, _SEAL = b"\x00", b"\x01", b"\x02"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """The head of a stream when it was sealed."""

    stream_id: UUID
    version: int
    head_hash: bytes


def leaf_hash(leaf: Leaf) -> bytes:
    """sha256 over 0x00, stream (16 bytes), version (8, big-endian), head hash (32)."""
    version = leaf.version.to_bytes(8, "big")
    return hashlib.sha256(_LEAF + leaf.stream_id.bytes + version + leaf.head_hash).digest()


def tree_hash(leaves: Sequence[Leaf]) -> bytes:
    """The root over at least one leaf, in the order given: RFC 6962's tree, level by level."""
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [_node(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def seal_root(
    previous: bytes, tenant_id: UUID, number: int, leaves: Sequence[Leaf], sealed_at: datetime
) -> bytes:
    """The root of a seal: it proves its leaves, its own place and time, and all seals before it."""
    micros = (sealed_at - _EPOCH) // (sealed_at.resolution)
    numbers = (number, len(leaves), micros)
    header = tenant_id.bytes + b"".join(each.to_bytes(8, "big") for each in numbers)
    return hashlib.sha256(_SEAL + previous + header + tree_hash(leaves)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
