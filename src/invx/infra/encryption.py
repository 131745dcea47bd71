"""Secrets that have to be read again (a password never has to): AES-256-GCM with a key file.

Whoever has the file and the database has the secrets: the file is written with mode 0600, lies
beside the signing key, and is kept apart from dumps of the database.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from invx.infra.tokens import KeyMissing
from invx.kernel.errors import Damaged

_KEY_BYTES, _NONCE_BYTES = 32, 12
_FORM = "v1."


class SecretDamaged(Damaged):
    """A stored secret cannot be read with the key of this installation."""


def create_secret_key(path: Path) -> None:
    """Make the key, unless there is one: it is never overwritten, and never half written."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode() + "\n")
    try:
        os.link(fresh, path)  # of two who make it at once one is the first
    except FileExistsError:
        return
    finally:
        fresh.unlink()


class SecretKey:
    """Encrypts and decrypts with the key in a file, which is read when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None

    def encrypt(self, secret: str, *, about: str) -> str:
        """What may be stored. `about` says whose it is: elsewhere it cannot be read.

        Raises KeyMissing.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._key().encrypt(nonce, secret.encode(), about.encode())
        return _FORM + base64.urlsafe_b64encode(sealed).decode()

    def decrypt(self, stored: str, *, about: str) -> str:
        """The secret. Raises SecretDamaged, KeyMissing."""
        cipher = self._key()
        try:
            sealed = base64.b64decode(stored.removeprefix(_FORM), altchars=b"-_", validate=True)
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return cipher.decrypt(nonce, rest, about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SecretDamaged from error

    def _key(self) -> AESGCM:
        if self._cipher is None:
            try:
                self._cipher = AESGCM(base64.urlsafe_b64decode(self._path.read_text()))
            except (OSError, ValueError) as error:
                raise KeyMissing(f"{self._path.name} is not a readable secret key.") from error
        return self._cipher
