"""What every storage does alike: bytes that do not give their hash never come out whole (ADR 0019).

`hashlib` over the joined pieces is the oracle; the cuts between pieces are Hypothesis'.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.storage.checked import (
    PIECE_BYTES,
    ensure,
    gathered,
    is_sha256,
    path_of,
    pieces_of,
    sha256_of,
    whole,
)
from invx.kernel.errors import InvariantViolation
from invx.kernel.storage import FileDamaged

TENANT = UUID("01931f00-0000-7000-8000-000000000001")
pieces_drawn = st.lists(st.binary(max_size=6), max_size=8)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def one_by_one(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def received(pieces: Sequence[bytes], sha256: str) -> tuple[bytes, bool]:
    """What came before the end or the error, and whether there was one."""
    got = b""
    try:
        async for piece in whole(one_by_one(pieces), "twin", TENANT, sha256):
            got += piece
    except FileDamaged:
        return got, True
    return got, False


@given(pieces_drawn)
async def test_the_right_bytes_come_whole_however_they_are_cut(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assert await received(pieces, digest(content)) == (content, False)


@given(pieces_drawn, st.binary(max_size=20))
async def test_wrong_bytes_never_come_whole(pieces: list[bytes], other: bytes) -> None:
    """Whoever counts the bytes sees that some are lacking, unless there were none."""
    content = b"".join(pieces)
    if content == other:
        return
    got, refused = await received(pieces, digest(other))
    assert refused
    assert content.startswith(got)
    assert len(got) < len(content) or not content


@pytest.mark.parametrize("empty_at", [0, 1, 2])
async def test_an_empty_piece_does_not_let_go_of_the_last_one(empty_at: int) -> None:
    pieces = [b"spoilt ", b"bytes"]
    pieces.insert(empty_at, b"")
    assert await received(pieces, digest(b"the bytes")) == (b"spoilt ", True)


@given(st.integers(0, 3), st.integers(-2, 2))
@settings(max_examples=30)
async def test_bytes_are_cut_into_full_pieces_and_a_rest(times: int, more: int) -> None:
    size = max(0, times * PIECE_BYTES + more)
    content = bytes(size)
    pieces = [piece async for piece in pieces_of(content)]
    full, rest = divmod(size, PIECE_BYTES)
    assert [len(piece) for piece in pieces] == [PIECE_BYTES] * full + [rest] * bool(rest)
    assert b"".join(pieces) == content


@given(pieces_drawn)
async def test_what_is_streamed_in_is_the_same_as_what_is_given_at_once(
    pieces: list[bytes],
) -> None:
    content = b"".join(pieces)
    assert await gathered(one_by_one(pieces)) == await gathered(content) == content
    assert b"".join([piece async for piece in pieces_of(one_by_one(pieces))]) == content


@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 1_000_001])
async def test_large_files_have_the_hash_that_small_ones_have(size: int) -> None:
    content = b"\x5a" * size
    assert await sha256_of(content) == digest(content)


async def test_bytes_of_another_hash_are_refused_and_the_file_is_named() -> None:
    content, wrong = b"as it was", b"as it is"
    sha256 = digest(content)
    assert await ensure("folder", TENANT, sha256, content) == content
    path = f"{TENANT}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    with pytest.raises(FileDamaged, match=path) as caught:
        await ensure("folder", TENANT, sha256, wrong)
    assert caught.value.code == "file_damaged"
    assert caught.value.detail.startswith("folder: ")


def test_the_hash_of_nothing_lies_where_fips_180_says_it_is() -> None:
    """FIPS 180-4's example values: the empty message and `abc`."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (digest(b""), digest(b"abc")) == (empty, abc)
    assert path_of(TENANT, empty) == f"{TENANT}/e3/b0/{empty}"
    assert path_of(TENANT, abc) == f"{TENANT}/ba/78/{abc}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab" * 31,
        "ab" * 33,
        "AB" * 32,
        "g" + "a" * 63,
        "../" + "a" * 61,
        "a/" * 32,
        ("ab" * 32)[:-1] + "\n",
        "ab" * 32 + "\n",
        "٣" * 64,
        "." * 64,
    ],
)
def test_no_other_name_ever_becomes_a_path(name: str) -> None:
    """A path that a caller could steer would read other tenants' files."""
    assert not is_sha256(name)
    with pytest.raises(InvariantViolation):
        path_of(TENANT, name)


@given(st.binary(max_size=40), st.uuids())
def test_a_path_begins_with_its_tenant_and_ends_with_its_hash(content: bytes, tenant: UUID) -> None:
    sha256 = digest(content)
    assert is_sha256(sha256)
    parts = path_of(tenant, sha256).split("/")
    assert parts[0] == str(tenant)
    assert parts[3] == sha256
    assert sha256.startswith(parts[1] + parts[2])
    assert [len(part) for part in parts] == [36, 2, 2, 64]
