"""Cursors: where a page ended (sort key and id), and which query it was a page of."""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from invx.infra.http.filters import plain_text
from invx.kernel.errors import invariant

CURSOR_CHARS_MAX = 2_000
FINGERPRINT_BYTES = 8
_ID_BYTES = 16
_KEY_AT = FINGERPRINT_BYTES + _ID_BYTES
_BIGINT_MAX = 2**63 - 1

SortKey = str | int | datetime | date | Decimal | None


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of the page before. `key` is None where that row has no value to sort by."""

    key: SortKey
    id: UUID


def encode_cursor(fingerprint: bytes, position: Position) -> str:
    """Opaque and URL-safe. It is no secret, and decoding trusts none of it."""
    key = position.key
    text = b"" if key is None else b"=" + _key_text(key).encode()
    return base64.urlsafe_b64encode(fingerprint + position.id.bytes + text).rstrip(b"=").decode()


def decode_cursor(cursor: str, fingerprint: bytes, key_type: type) -> Position:
    """Where the page begins. Raises ValueError with a sentence for the caller."""
    try:
        if len(cursor) > CURSOR_CHARS_MAX:
            raise ValueError  # noqa: TRY301 - one answer for everything malformed
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        text = raw[_KEY_AT:].decode()
        key = _key_value(text[1:], key_type) if text else None
        position = Position(key, UUID(bytes=raw[FINGERPRINT_BYTES:_KEY_AT]))
    except (ValueError, binascii.Error, InvalidOperation, OverflowError):
        raise ValueError("This is not a cursor; use `next` of the page before.") from None
    if raw[:FINGERPRINT_BYTES] != fingerprint:
        raise ValueError("This cursor belongs to a list with other filters or another sort.")
    return position


def _key_text(key: SortKey) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def _key_value(text: str, key_type: type) -> SortKey:
    if key_type is str:
        return plain_text(text, CURSOR_CHARS_MAX) if text else ""
    if key_type is int:
        value = int(text)
        if abs(value) > _BIGINT_MAX:
            raise ValueError
        return value
    if key_type is Decimal:
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError
        return number
    if key_type is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    invariant(key_type is date, f"a list cannot be sorted by a {key_type.__name__}")
    return date.fromisoformat(text)
