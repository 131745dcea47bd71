import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.http.cursors import Position, decode_cursor, encode_cursor
from invx.kernel.errors import InvariantViolation

MINE, OTHER = b"12345678", b"87654321"
ID = UUID("0192d1f0-0000-7000-8000-00000000000a")


@pytest.mark.parametrize(
    "key",
    [
        "Ärzte GmbH",
        "",
        0,
        -(2**63) + 1,
        Decimal("119.0010"),
        datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC),
        date(2026, 11, 1),
        None,
    ],
)
def test_a_cursor_brings_its_position_back(key) -> None:
    key_type = str if key is None else type(key)
    cursor = encode_cursor(MINE, Position(key, ID))
    assert decode_cursor(cursor, MINE, key_type) == Position(key, ID)


@given(
    st.text(alphabet=st.characters(exclude_categories=["C"]), min_size=1, max_size=300), st.uuids()
)
def test_every_name_and_id_survives_the_way(key: str, id: UUID) -> None:
    cursor = encode_cursor(MINE, Position(key, id))
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert decode_cursor(cursor, MINE, str) == Position(key, id)


def test_a_cursor_of_another_query_is_refused_and_said_so() -> None:
    cursor = encode_cursor(OTHER, Position("a", ID))
    with pytest.raises(ValueError, match="other filters or another sort"):
        decode_cursor(cursor, MINE, str)


def _forged(tail: bytes) -> str:
    return base64.urlsafe_b64encode(MINE + ID.bytes + tail).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor,key_type",
    [
        ("", str),
        ("a", str),
        ("%%%", str),
        ("é", str),
        ("A" * 3000, str),
        (_forged(b"=\xff\xfe"), str),
        (_forged(b"=a\x00b"), str),
        (_forged(b"=abc"), int),
        (_forged(b"=" + b"9" * 30), int),
        (_forged(b"=NaN"), Decimal),
        (_forged(b"=x"), Decimal),
        (_forged(b"=2026-11-01T10:00:00"), datetime),
        (_forged(b"=2026-99-01"), date),
        (base64.urlsafe_b64encode(MINE).decode(), str),
    ],
)
def test_a_forged_cursor_is_refused_and_never_reaches_a_query(cursor, key_type) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        decode_cursor(cursor, MINE, key_type)


@given(st.text(max_size=80), st.sampled_from([str, int, Decimal, datetime, date]))
def test_no_text_does_worse_than_a_value_error(cursor: str, key_type: type) -> None:
    with pytest.raises(ValueError):
        decode_cursor(cursor, MINE, key_type)


def test_a_sort_key_of_an_unforeseen_type_is_our_mistake() -> None:
    with pytest.raises(InvariantViolation):
        decode_cursor(_forged(b"=1.5"), MINE, float)
