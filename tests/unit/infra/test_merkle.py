"""The bytes of a seal: RFC 6962's tree, and a chain that covers all that a seal says (D3)."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from invx.infra.merkle import FIRST_ROOT, Leaf, leaf_hash, seal_root, tree_hash

TENANT = UUID("01931f00-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 29, 12, 0, 0, 1, tzinfo=UTC)
leaves_of = st.lists(
    st.builds(
        Leaf,
        stream_id=st.uuids(),
        version=st.integers(1, 2**63 - 1),
        head_hash=st.binary(min_size=32, max_size=32),
    ),
    min_size=1,
    max_size=40,
)


def some(count: int) -> list[Leaf]:
    return [Leaf(UUID(int=n), n, bytes([n]) * 32) for n in range(1, count + 1)]


def by_the_book(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it stands there: split at the largest power of two."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    left, right = by_the_book(hashes[:half]), by_the_book(hashes[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@given(leaves_of)
def test_the_tree_is_that_of_the_rfc(leaves: list[Leaf]) -> None:
    assert tree_hash(leaves) == by_the_book([leaf_hash(leaf) for leaf in leaves])


def test_a_leaf_is_stated_byte_by_byte() -> None:
    leaf = Leaf(UUID(int=1), 258, b"\xaa" * 32)
    text = "00" + "0" * 31 + "1" + "0000000000000102" + "aa" * 32
    assert leaf_hash(leaf) == hashlib.sha256(bytes.fromhex(text)).digest()


def test_a_root_is_stated_byte_by_byte() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)
    text = "02" + "00" * 32 + TENANT.hex + "0000000000000001" + "0000000000000002"
    text += f"{1_000_005:016x}" + tree_hash(some(2)).hex()
    expected = hashlib.sha256(bytes.fromhex(text)).digest()
    assert seal_root(FIRST_ROOT, TENANT, 1, some(2), moment) == expected


@given(leaves_of, st.data())
def test_no_bit_of_a_leaf_can_change(leaves: list[Leaf], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    leaf = leaves[at]
    bit = data.draw(st.integers(0, 255))
    changed = bytearray(leaf.head_hash)
    changed[bit // 8] ^= 1 << bit % 8
    other = data.draw(
        st.sampled_from(
            [
                replace(leaf, head_hash=bytes(changed)),
                replace(leaf, version=leaf.version ^ 1),
                replace(leaf, stream_id=UUID(int=leaf.stream_id.int ^ (1 << bit // 2))),
            ]
        )
    )
    assert tree_hash([*leaves[:at], other, *leaves[at + 1 :]]) != tree_hash(leaves)


@given(leaves_of)
def test_leaves_cannot_be_left_out_doubled_or_moved(leaves: list[Leaf]) -> None:
    root = seal_root(FIRST_ROOT, TENANT, 1, leaves, NOON)
    others = [[*leaves, leaves[-1]], leaves[:-1], leaves[::-1]]
    for other in others:
        if other and other != leaves:
            assert seal_root(FIRST_ROOT, TENANT, 1, other, NOON) != root


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    """Without a byte that tells them apart, two leaves and one made of them have the same root."""
    left, right = (leaf_hash(leaf) for leaf in some(2))
    assert tree_hash(some(2)) == hashlib.sha256(b"\x01" + left + right).digest()
    assert tree_hash(some(2)) != hashlib.sha256(b"\x00" + left + right).digest()
    assert tree_hash(some(1)) != hashlib.sha256(b"\x01" + left).digest()


def test_a_root_covers_the_seals_before_its_place_its_tenant_and_its_time() -> None:
    root = seal_root(FIRST_ROOT, TENANT, 1, some(3), NOON)
    assert len(root) == 32
    others = [
        seal_root(root, TENANT, 1, some(3), NOON),
        seal_root(FIRST_ROOT, UUID(int=TENANT.int + 1), 1, some(3), NOON),
        seal_root(FIRST_ROOT, TENANT, 2, some(3), NOON),
        seal_root(FIRST_ROOT, TENANT, 1, some(2), NOON),
        seal_root(FIRST_ROOT, TENANT, 1, some(3), NOON + timedelta(microseconds=1)),
    ]
    assert len({root, *others}) == 6
