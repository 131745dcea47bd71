"""Reads what INVX_… variables say, and refuses what cannot be used, naming the variable."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from invx.infra.placements import connection_arguments
from invx.infra.storage.buckets import BucketPlace
from invx.kernel.errors import Invalid, Problem


class SettingInvalid(Invalid):
    """A setting cannot be used as it is."""


_BYTES_MAX = 65_536  # of a file that holds one value


class Reader:
    """Each variable is read by its name and kind; then `refuse_unknown` finds misspelt ones.

    `NAME_FILE` names a file with the value of NAME: secrets are mounted, not put into environments.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {key: text for key, text in environment.items() if key.startswith("INVX_")}
        self._read: set[str] = set()

    def optional(self, name: str) -> str | None:
        self._read |= {name, kept := f"{name}_FILE"}
        if not (file := self._given.get(kept)):
            return self._given.get(name) or None
        if self._given.get(name):
            raise SettingInvalid(f"Set {name} or {kept}, not both.")
        try:
            with Path(file).open(encoding="utf-8") as opened:
                return opened.read(_BYTES_MAX).strip() or None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingInvalid(f"{kept}: {file} cannot be read: {why}.") from None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def path(self, name: str) -> Path | None:
        text = self.optional(name)
        return Path(text) if text else None

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        text = self.text(name, default).lower()
        if text not in choices:
            raise SettingInvalid(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
        return text

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
        text = self.text(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise SettingInvalid(
                f"{name} must be a whole number from {least} to {most}, not {text!r}."
            )
        return int(text)

    def dsn(self, name: str) -> str | None:
        text = self.optional(name)
        if text is not None:
            try:
                connection_arguments(text)
            except ValueError:
                # Neither the URI nor the cause is shown: both may hold the password.
                raise SettingInvalid(
                    f"{name} must be a URI like postgresql://login:password@host:5432/database"
                    " with these characters percent-encoded in its parts: @ : / ? # [ ] %."
                ) from None
        return text

    def url(self, name: str, schemes: Sequence[str] = ("http", "https")) -> str | None:
        text = self.optional(name)
        if text is not None and not text.startswith(tuple(f"{each}://" for each in schemes)):
            raise SettingInvalid(f"{name} must be an {' or '.join(schemes)} URL.")
        return text.rstrip("/") if text else None

    def bucket(self, name: str) -> BucketPlace | None:
        text = self.optional(name)
        try:
            return BucketPlace.of(text) if text else None
        except ValueError as wrong:
            raise SettingInvalid(f"{name}: {wrong}.") from None

    def flag(self, name: str) -> bool:
        text = self.text(name, "0").lower()
        if text not in ("0", "1", "true", "false"):
            raise SettingInvalid(f"{name} must be 0 or 1, not {text!r}.")
        return text in ("1", "true")

    def refuse_unknown(self, foreign: frozenset[str]) -> None:
        """Raises SettingInvalid for what nobody read and is not `foreign`, which others read."""
        unknown = sorted(self._given.keys() - self._read - foreign)
        if unknown:
            problems = [Problem(name, "unknown_setting", "Nothing reads it.") for name in unknown]
            raise SettingInvalid(f"Unknown settings: {', '.join(unknown)}.", problems=problems)
