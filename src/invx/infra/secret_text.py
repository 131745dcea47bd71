"""Secrets that people and programs carry about: told from garbage without a query, and from others.

`invx_<kind>_` and 71 characters of base 62: the tenant (22), 256 random bits (43) and the CRC-32 of
all that (6). Secret scanners know it by its form and find no false ones; a mistyped one is refused
before anything is looked up; and its tenant is known before the transaction that looks it up.
What is kept of a secret is its SHA-256: 256 bits cannot be guessed, so nothing slower is needed.
"""

import hashlib
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

# An API key of a live tenant or of a sandbox; an invitation.
LIVE, TEST, INVITATION = "live", "test", "inv"
KEY_KINDS = (LIVE, TEST)
PATTERN = "invx_(live|test|inv)_[0-9A-Za-z]{71}"

_START = "invx_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_TENANT, _SECRET, _SUM = 22, 43, 6  # characters; 62 to these powers exceeds 2 to 128, 256 and 32
_HINT_CHARS = 4


@dataclass(frozen=True, slots=True)
class SecretText:
    """A secret, shown once to whoever gets it."""

    kind: str
    tenant_id: UUID
    text: str = field(repr=False)

    @classmethod
    def new(cls, kind: str, tenant_id: UUID) -> Self:
        """One that nobody has yet."""
        body = _digits(tenant_id.int, _TENANT) + _digits(secrets.randbits(256), _SECRET)
        head = f"{_START}{kind}_{body}"
        return cls(kind, tenant_id, head + _sum_of(head))

    @property
    def hash(self) -> str:
        """By which it is known afterwards: SHA-256, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def hint(self) -> str:
        """How it ends, by which people tell theirs apart."""
        return self.text[-_HINT_CHARS:]


def is_key(text: str) -> bool:
    """Whether it means to be an API key and no access token."""
    return text.startswith(tuple(f"{_START}{kind}_" for kind in KEY_KINDS))


def parse_secret(text: str) -> SecretText | None:
    """What it says of itself; None for what cannot be one of ours, such as one that is mistyped."""
    start, _, rest = text.partition("_")
    kind, _, body = rest.partition("_")
    if start + "_" != _START or kind not in (*KEY_KINDS, INVITATION):
        return None
    if len(body) != _TENANT + _SECRET + _SUM or not _VALUES.keys() >= set(body):
        return None
    tenant = _number(body[:_TENANT])
    if tenant >> 128 or _sum_of(text[:-_SUM]) != text[-_SUM:]:
        return None
    return SecretText(kind, UUID(int=tenant), text)


def _sum_of(head: str) -> str:
    return _digits(zlib.crc32(head.encode()), _SUM)


def _digits(number: int, length: int) -> str:
    chars = [""] * length
    for position in range(length - 1, -1, -1):
        number, value = divmod(number, len(_ALPHABET))
        chars[position] = _ALPHABET[value]
    return "".join(chars)


def _number(digits: str) -> int:
    number = 0
    for char in digits:
        number = number * len(_ALPHABET) + _VALUES[char]
    return number
