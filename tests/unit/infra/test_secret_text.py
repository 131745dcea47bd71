"""A secret says what it is for, tells mistyping from lying, and is never shown by accident."""

import re
import zlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.secret_text import (
    INVITATION,
    KEY_KINDS,
    PATTERN,
    SecretText,
    is_key,
    parse_secret,
)

TENANT = UUID("0192d1f0-0000-7000-8000-000000000001")
kinds = st.sampled_from((*KEY_KINDS, INVITATION))


@given(kinds, st.uuids())
def test_what_is_made_is_read_again(kind: str, tenant_id: UUID) -> None:
    made = SecretText.new(kind, tenant_id)
    assert re.fullmatch(PATTERN, made.text)
    assert parse_secret(made.text) == made
    assert is_key(made.text) == (kind != INVITATION)


@given(st.integers(0, 79), st.sampled_from("0Aaz"))
def test_one_wrong_character_is_noticed(position: int, wrong: str) -> None:
    text = SecretText.new("live", TENANT).text
    changed = text[:position] + wrong + text[position + 1 :]
    assert (parse_secret(changed) is not None) == (changed == text)


@given(st.text(max_size=120))
def test_other_texts_are_no_secrets(text: str) -> None:
    assert parse_secret(text) is None
    assert parse_secret(f"invx_live_{text}") is None


def test_a_tenant_beyond_128_bits_is_none() -> None:
    head = "invx_live_" + "z" * 22 + "0" * 43
    number, digits = zlib.crc32(head.encode()), ""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for _ in range(6):
        number, value = divmod(number, 62)
        digits = alphabet[value] + digits
    assert parse_secret(head + digits) is None


def test_two_secrets_differ_and_neither_shows_in_a_log() -> None:
    one, other = SecretText.new("test", TENANT), SecretText.new("test", TENANT)
    assert one.text != other.text
    assert one.hash != other.hash
    assert one.text not in repr(one)
    assert len(one.hint) == 4
    assert one.text.endswith(one.hint)


@pytest.mark.parametrize("text", ["", "invx_rt_abc", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"])
def test_refresh_and_access_tokens_are_no_keys(text: str) -> None:
    assert not is_key(text)
    assert parse_secret(text) is None
