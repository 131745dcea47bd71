"""Settings: one frozen dataclass per concern, read from INVX_… once, handed down in slices.

Imported by the edges of the program only. A variable that nobody reads is refused, so a misspelt
one is found.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from invx.infra.http.auth import AuthSettings
from invx.infra.http.request_context import HttpSettings
from invx.infra.observability import ObservabilitySettings
from invx.infra.storage.buckets import BucketPlace, S3Settings
from invx.infra.storage.places import FileLimits, StorageSettings, storages_outside
from invx.kernel import limits
from invx.kernel.errors import Invalid, Problem

# Read by tests, benchmarks and the Makefile, not by the program.
_FOREIGN = {"INVX_SOAK", "INVX_EXAMPLES", "INVX_SEEDS", "INVX_CORPUS", "INVX_BENCH_SECONDS"}
_LEVELS = ("debug", "info", "warning", "error", "critical")


class SettingInvalid(Invalid):
    """A setting cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where the process listens."""

    host: str = "127.0.0.1"
    port: int = 8000


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """Where the data live: under `home`, or in a PostgreSQL server of your own."""

    home: Path = Path(".invx")
    # URIs of an external server, for each of the logins and for the owner who migrates; none of
    # them means the embedded server under `home`.
    app_dsn: str | None = None
    system_dsn: str | None = None
    admin_dsn: str | None = None
    postgres_binaries: Path | None = None
    postgres_account: str | None = None
    # The outside journal of numbers (D2), and where backups and the continuous archive go; without
    # a folder there is no archive.
    numbers: Path | None = None
    backup: Path | None = None
    backups_kept: int = 7

    @property
    def external(self) -> bool:
        return self.app_dsn is not None


@dataclass(frozen=True, slots=True)
class TaxRegisterSettings:
    """The registers that VAT ids are checked with; none is asked unless its address is set."""

    vies_url: str | None = None
    hmrc_url: str | None = None
    hmrc_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TransmissionSettings:
    """The channels by which documents leave the house; none is there unless it is set up.

    They are the operator's: no address and no path comes from a tenant.
    """

    folder: Path | None = None
    folder_clears: bool = False
    access_point_url: str | None = None
    access_point_token: str | None = field(default=None, repr=False)
    access_point_clears: bool = False
    practice_authority: bool = False


@dataclass(frozen=True, slots=True)
class TaxEngineSettings:
    """The tax engine that legal entities may name; tenants never state an address."""

    name: str | None = None
    url: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """Where seals are kept outside the database; nowhere unless it is named."""

    file: Path | None = None
    bucket: BucketPlace | None = None  # with object lock
    retention_days: int = 3_650
    tsa_url: str | None = None  # a timestamp authority, and the file of certificates it leads to
    tsa_roots: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    serve: ServeSettings = field(default_factory=ServeSettings)
    place: PlaceSettings = field(default_factory=PlaceSettings)
    auth: AuthSettings = field(default_factory=lambda: AuthSettings(jwks=Path(".invx/jwks.json")))
    http: HttpSettings = field(default_factory=HttpSettings)
    observability: ObservabilitySettings = field(default_factory=ObservabilitySettings)
    renderers: int = 2  # threads that make PDFs
    tax_registers: TaxRegisterSettings = field(default_factory=TaxRegisterSettings)
    transmission: TransmissionSettings = field(default_factory=TransmissionSettings)
    tax_engine: TaxEngineSettings = field(default_factory=TaxEngineSettings)
    anchor: AnchorSettings = field(default_factory=AnchorSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    file_limits: FileLimits = field(default_factory=FileLimits)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises SettingInvalid, naming the variable."""
    read = _Reader(environment)
    home = Path(read.text("INVX_HOME", ".invx"))
    jwks = read.text("INVX_JWKS", str(home / "jwks.json"))
    settings = Settings(
        serve=ServeSettings(
            read.text("INVX_HOST", "127.0.0.1"), read.number("INVX_PORT", 8000, most=65_535)
        ),
        place=_place(read, home),
        auth=AuthSettings(
            jwks=jwks if jwks.startswith(("http://", "https://")) else Path(jwks),
            issuer=read.text("INVX_ISSUER", "invx"),
            token_lifetime_seconds_max=read.number("INVX_TOKEN_LIFETIME_SECONDS_MAX", 300, least=1),
        ),
        http=HttpSettings(https_only=read.flag("INVX_HTTPS_ONLY")),
        observability=ObservabilitySettings(
            log_level=read.choice("INVX_LOG_LEVEL", _LEVELS, "info"),
            log_json=not read.flag("INVX_LOG_TEXT"),
            otlp_endpoint=read.optional("INVX_OTLP_ENDPOINT"),
        ),
        renderers=read.number("INVX_RENDERERS", 2, least=1),
        tax_registers=TaxRegisterSettings(
            vies_url=read.url("INVX_VIES_URL"),
            hmrc_url=read.url("INVX_HMRC_URL"),
            hmrc_token=read.optional("INVX_HMRC_TOKEN"),
        ),
        transmission=TransmissionSettings(
            folder=read.path("INVX_TRANSMISSION_FOLDER"),
            folder_clears=read.flag("INVX_TRANSMISSION_FOLDER_CLEARS"),
            access_point_url=read.url("INVX_ACCESS_POINT_URL"),
            access_point_token=read.optional("INVX_ACCESS_POINT_TOKEN"),
            access_point_clears=read.flag("INVX_ACCESS_POINT_CLEARS"),
            practice_authority=read.flag("INVX_PRACTICE_AUTHORITY"),
        ),
        tax_engine=_tax_engine(read),
        anchor=_anchor(read),
        storage=_storage(read),
        file_limits=_file_limits(read),
    )
    read.refuse_unknown()
    place = settings.place
    dsns = (place.app_dsn, place.system_dsn, place.admin_dsn)
    if any(dsns) and not all(dsns):
        raise SettingInvalid(
            "Set INVX_DATABASE_APP, INVX_DATABASE_SYSTEM and INVX_DATABASE_ADMIN together."
        )
    return settings


def _tax_engine(read: "_Reader") -> TaxEngineSettings:
    engine = TaxEngineSettings(
        name=read.optional("INVX_TAX_ENGINE"),
        url=read.url("INVX_TAX_ENGINE_URL"),
        secret=read.optional("INVX_TAX_ENGINE_SECRET"),
    )
    if (engine.name is None) is not (engine.url is None):
        raise SettingInvalid("Set INVX_TAX_ENGINE and INVX_TAX_ENGINE_URL together.")
    return engine


def _anchor(read: "_Reader") -> AnchorSettings:
    anchor = AnchorSettings(
        file=read.path("INVX_ANCHOR_FILE"),
        bucket=read.bucket("INVX_ANCHOR_S3"),
        retention_days=read.number("INVX_ANCHOR_DAYS", 3_650, least=1, most=36_500),
        tsa_url=read.url("INVX_TSA_URL"),
        tsa_roots=read.path("INVX_TSA_ROOTS"),
    )
    if (anchor.tsa_url is None) is not (anchor.tsa_roots is None):
        raise SettingInvalid("Set INVX_TSA_URL and INVX_TSA_ROOTS together.")
    return anchor


def _file_limits(read: "_Reader") -> FileLimits:
    return FileLimits(
        # The edge takes no longer body, whatever is set here.
        read.number("INVX_FILE_BYTES_MAX", 10_000_000, least=1, most=limits.BODY_BYTES_MAX),
        read.number("INVX_FILES_MAX", 10_000),
        read.number("INVX_FILES_BYTES_MAX", 5_000_000_000, most=10**15),
    )


def _storage(read: "_Reader") -> StorageSettings:
    also = tuple(each.strip() for each in read.text("INVX_STORAGE_ALSO", "").split(","))
    storage = StorageSettings(
        main=read.text("INVX_STORAGE", "database"),
        also=tuple(filter(None, also)),
        s3=S3Settings(
            endpoint=read.url("INVX_S3_ENDPOINT"),
            region=read.text("INVX_S3_REGION", "eu-central-1"),
            key_id=read.optional("INVX_S3_KEY_ID"),
            secret=read.optional("INVX_S3_SECRET"),
        ),
    )
    if (storage.s3.key_id is None) is not (storage.s3.secret is None):
        raise SettingInvalid("Set INVX_S3_KEY_ID and INVX_S3_SECRET together.")
    addresses = [storage.main, *storage.also]
    kinds = [each.partition(":")[0] for each in addresses]
    if len(set(kinds)) != len(kinds):
        raise SettingInvalid("INVX_STORAGE and INVX_STORAGE_ALSO name two storages of one kind.")
    try:
        storages_outside(storage)
    except ValueError as wrong:
        raise SettingInvalid(f"INVX_STORAGE and INVX_STORAGE_ALSO: {wrong}.") from None
    return storage


def _place(read: "_Reader", home: Path) -> PlaceSettings:
    return PlaceSettings(
        home=home,
        app_dsn=read.dsn("INVX_DATABASE_APP"),
        system_dsn=read.dsn("INVX_DATABASE_SYSTEM"),
        admin_dsn=read.dsn("INVX_DATABASE_ADMIN"),
        postgres_binaries=read.path("INVX_PG_BIN"),
        postgres_account=read.optional("INVX_PG_USER"),
        numbers=_numbers(read, home),
        backup=read.path("INVX_BACKUP"),
        backups_kept=read.number("INVX_BACKUP_KEEP", 7, least=1),
    )


def _numbers(read: "_Reader", home: Path) -> Path | None:
    """The journal of numbers is kept beside the embedded database unless it is off."""
    beside = "off" if read.optional("INVX_DATABASE_APP") else str(home / "numbers.jsonl")
    text = read.text("INVX_NUMBERS_FILE", beside)
    return None if text == "off" else Path(text)


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {key: text for key, text in environment.items() if key.startswith("INVX_")}
        self._read: set[str] = set()

    def optional(self, name: str) -> str | None:
        self._read.add(name)
        return self._given.get(name) or None

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

    def url(self, name: str) -> str | None:
        text = self.optional(name)
        if text is not None and not text.startswith(("http://", "https://")):
            raise SettingInvalid(f"{name} must be an http or https URL.")
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

    def refuse_unknown(self) -> None:
        unknown = sorted(self._given.keys() - self._read - _FOREIGN)
        if unknown:
            problems = [Problem(name, "unknown_setting", "Nothing reads it.") for name in unknown]
            raise SettingInvalid(f"Unknown settings: {', '.join(unknown)}.", problems=problems)


def connection_arguments(dsn: str) -> dict[str, object]:
    """The arguments for asyncpg from a URI, so that a pool never has to parse it again.

    Raises ValueError when it names no login, no database, or a port that is none.
    """
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgresql", "postgres") or not parts.username:
        raise ValueError("no URI of a PostgreSQL login")
    if not parts.path.lstrip("/"):
        raise ValueError("no database")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or parts.hostname or "127.0.0.1"
    port = query.pop("port", None) or parts.port or 5432
    return {
        "host": host,
        "port": int(port),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
        **({"ssl": query["sslmode"]} if "sslmode" in query else {}),
    }
