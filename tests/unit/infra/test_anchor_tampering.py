"""What is done to an anchor file, and what is noticed; and timestamps of anything but the seal.

The chain is computed here a second time, by `json` and `hashlib`, from `operations/seals.md`.
"""

import base64
import hashlib
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.anchor_bucket import _said, key_of
from invx.infra.anchor_file import AnchorFile, AnchorMismatch, read_anchor
from invx.infra.anchor_timestamps import TimestampAnchor, message_of, roots_in, wrong_token
from invx.infra.anchoring import instant, pseudonym
from invx.kernel.ports import SealStatement
from tests.timestamps import authority

BERLIN = timezone(timedelta(hours=1))  # in winter


def statement(seal: int, tenant: str = "t1") -> SealStatement:
    return SealStatement(
        "invoicing", tenant, seal, f"{seal:064x}", seal, "2026-11-30T12:00:00.000000Z", []
    )


def chained(said: list[dict[str, object]]) -> bytes:
    """Lines by the book: each names its number and the hash of the line before."""
    text, previous = b"", "0" * 64
    for number, each in enumerate(said, 1):
        whole = {"format": "invx anchor 1", "line": number, **each, "previous": previous}
        line = json.dumps(whole, separators=(",", ":")).encode()
        text, previous = text + line + b"\n", hashlib.sha256(line).hexdigest()
    return text


def told(seal: int, tenant: str = "t1") -> dict[str, object]:
    return {
        "context": "invoicing",
        "tenant": tenant,
        "seal": seal,
        "root": f"{seal:064x}",
        "leaves": seal,
        "sealed_at": "2026-11-30T12:00:00.000000Z",
        "numbers": [],
    }


async def test_the_file_is_what_the_page_says_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    await AnchorFile(path).keep([statement(1), statement(2)], known=0)
    await AnchorFile(path).keep([statement(1, "t2")], known=0)
    assert path.read_bytes() == chained([told(1), told(2), told(1, "t2")])


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "the first line is gone": (lambda lines: lines[1:], 1),
    "a line in the middle is gone": (lambda lines: [*lines[:2], *lines[3:]], 3),
    "a line is doubled": (lambda lines: [*lines[:2], *lines[1:]], 3),
    "two lines are exchanged": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
    "a blank line is put in": (lambda lines: [lines[0], b"\n", *lines[1:]], 2),
    "a blank is put in": (lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]], 2),
    "a root is another": (lambda lines: [lines[0].replace(b"01", b"02", 1), *lines[1:]], 2),
    "the last line is cut": (lambda lines: [*lines[:-1], lines[-1][:-9]], 5),
    "the last end of a line is gone": (lambda lines: [*lines[:-1], lines[-1][:-1]], 5),
    "lines end as on Windows": (lambda lines: [each[:-1] + b"\r\n" for each in lines], 2),
    "zeros follow": (lambda lines: [*lines, b"\0" * 8], 6),
    "the first is of another format": (
        lambda lines: [lines[0].replace(b"anchor 1", b"anchor 2"), *lines[1:]],
        1,
    ),
    "no letters": (lambda lines: [lines[0].replace(b"t1", b"\xff1"), *lines[1:]], 1),
    "a list": (lambda lines: [*lines, b"[]\n"], 6),
    "a number": (lambda lines: [*lines, b"5\n"], 6),
    "a line of another file": (lambda lines: [*lines, lines[0]], 6),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_the_first_line_that_is_wrong_is_named(tmp_path: Path, name: str) -> None:
    change, line = TAMPERED[name]
    path = tmp_path / "seals.jsonl"
    path.write_bytes(b"".join(change(chained([told(n) for n in range(1, 6)]).splitlines(True))))
    with pytest.raises(AnchorMismatch, match=f"line {line} does not follow"):
        list(read_anchor(path))


@pytest.mark.parametrize("name", TAMPERED)
async def test_no_seal_is_added_to_a_file_that_is_wrong(tmp_path: Path, name: str) -> None:
    change, _ = TAMPERED[name]
    path = tmp_path / "seals.jsonl"
    path.write_bytes(b"".join(change(chained([told(n) for n in range(1, 6)]).splitlines(True))))
    before = path.read_bytes()
    with pytest.raises(AnchorMismatch):
        await AnchorFile(path).keep([statement(6)], known=5)
    assert path.read_bytes() == before


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file grows above so many bytes; a write that would is cut off, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("room", [0, 1, 100, 400])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_full_disk_does_not_end_the_chain(tmp_path: Path, room: int, fresh: bool) -> None:
    """Half a line once stayed, and no anchor went on behind it, whoever made room."""
    path = tmp_path / "seals.jsonl"
    anchor = AnchorFile(path)
    anchor._keep([statement(1)], 0)
    before = path.read_bytes()
    with disk_of(len(before) + room), pytest.raises(OSError, match=r"bytes|large"):
        anchor._keep([statement(2), statement(3)], 1)
    assert path.read_bytes() == before
    (AnchorFile(path) if fresh else anchor)._keep([statement(2), statement(3)], 1)
    assert path.read_bytes() == chained([told(1), told(2), told(3)])


@given(st.uuids(), st.uuids())
def test_a_tenant_has_one_name_outside_which_does_not_say_its_id(one: UUID, other: UUID) -> None:
    assert pseudonym(one) == hashlib.sha256(b"invx tenant " + one.bytes).hexdigest()
    assert (pseudonym(one) == pseudonym(other)) is (one == other)
    assert one.hex not in pseudonym(one)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 30, 12, tzinfo=UTC), "2026-11-30T12:00:00.000000Z"),
        (datetime(2026, 11, 30, 12, 0, 0, 1, tzinfo=UTC), "2026-11-30T12:00:00.000001Z"),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, UTC), "2026-12-31T23:59:59.999999Z"),
        (datetime(2027, 1, 1, 0, 30, tzinfo=BERLIN), "2026-12-31T23:30:00.000000Z"),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.000000Z"),
    ],
)
def test_moments_are_written_in_utc_with_all_digits(moment: datetime, expected: str) -> None:
    assert instant(moment) == expected


def test_objects_sort_as_seals_follow() -> None:
    keys = [key_of("invoicing", "t", seal) for seal in (1, 2, 9, 10, 11, 99, 100, 10**11)]
    assert keys == sorted(keys)
    assert keys[0] == "invoicing/t/000000000001.json"


OBJECT = b'{"format":"invx anchor object 1","seal":1,"root":"00"}'


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"1", b"null", b'"x"', b"\xff", b'{"a":"\xff"}', b"{}"),
        *(OBJECT.replace(b"object 1", b"object 2"), OBJECT.replace(b'"00"', b'"\xc3("')),
    ],
)
def test_an_object_that_is_none_of_ours_says_nothing(body: bytes) -> None:
    assert _said(OBJECT)["seal"] == 1
    assert _said(body) == {}


def test_a_timestamp_is_of_the_seal_without_its_numbers() -> None:
    said = statement(7)
    expected = {name: told(7)[name] for name in ("context", "tenant", "seal", "root", "leaves")}
    expected["sealed_at"] = said.sealed_at
    assert message_of(said) == json.dumps(expected, separators=(",", ":")).encode()
    assert message_of(replace(said, numbers=[{"last": 5}])) == message_of(said)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TimestampAnchor, Path]]:
    with authority(tmp_path_factory.mktemp("tsa") / "one") as said:
        yield TimestampAnchor(said.url, roots_in(said.roots)), said.roots


CHANGES: list[dict[str, object]] = [
    {"context": "delivery"},
    {"tenant": "t2"},
    {"seal": 2},
    {"root": f"{2:064x}"},
    {"leaves": 2},
    {"sealed_at": "2026-11-30T12:00:00.000001Z"},
]


async def test_a_token_is_of_one_seal_and_of_each_word_of_it(
    stamped: tuple[TimestampAnchor, Path], tmp_path: Path
) -> None:
    anchor, path = stamped
    roots = roots_in(path)
    [receipt] = await anchor.keep([statement(1)], known=0)
    token, message = base64.b64decode(receipt["token"]), message_of(statement(1))
    assert receipt["sha256"] == hashlib.sha256(message).hexdigest()
    assert wrong_token(token, message, roots) is None
    for change in CHANGES:
        other = message_of(replace(statement(1), **change))  # type: ignore[arg-type]
        assert wrong_token(token, other, roots) is not None
    assert wrong_token(token, message, roots, nonce=1) is not None
    with authority(tmp_path / "other") as stranger:
        assert wrong_token(token, message, roots_in(stranger.roots)) is not None
    for end in range(0, len(token), 97):
        assert wrong_token(token[:end], message, roots) is not None


async def test_a_token_with_a_flipped_bit_never_stamps_another_message(
    stamped: tuple[TimestampAnchor, Path],
) -> None:
    """Whatever a library makes of broken ASN.1, the audit goes on and says what it thinks."""
    anchor, path = stamped
    roots = roots_in(path)
    [receipt] = await anchor.keep([statement(1)], known=0)
    token = base64.b64decode(receipt["token"])
    message, other = message_of(statement(1)), message_of(statement(2))
    for at in range(0, len(token), 11):
        flipped = bytearray(token)
        flipped[at] ^= 1 << at % 8
        assert wrong_token(bytes(flipped), other, roots) is not None
        wrong_token(bytes(flipped), message, roots)  # some bits are not signed; nothing is raised


@given(st.binary(max_size=120))
@settings(max_examples=50)
def test_anything_else_is_no_token(stamped: tuple[TimestampAnchor, Path], noise: bytes) -> None:
    assert wrong_token(noise, b"message", roots_in(stamped[1])) is not None
