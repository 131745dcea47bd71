"""Settings: one frozen dataclass per concern, read from INVX_… once, handed down in slices.

Imported by the edges of the program only. A variable that nobody reads is refused, so a misspelt
one is found.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from invx.infra.anchors import AnchorSettings
from invx.infra.environment import Reader, SettingInvalid
from invx.infra.http.auth import AuthSettings
from invx.infra.http.provider import ProviderSettings
from invx.infra.http.request_context import HttpSettings
from invx.infra.observability import ObservabilitySettings
from invx.infra.placements import PlacementSettings, placements_of
from invx.infra.quotas import QUOTA_KEYS, Quota, quotas_of
from invx.infra.storage.buckets import S3Settings
from invx.infra.storage.places import FileLimits, StorageSettings, storages_outside
from invx.kernel import limits

# Read by tests, benchmarks and the Makefile, not by the program.
_FOREIGN = frozenset(
    {"INVX_SOAK", "INVX_EXAMPLES", "INVX_SEEDS", "INVX_CORPUS", "INVX_BENCH_SECONDS"}
)
T = TypeVar("T")

_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where the process listens."""

    host: str = "127.0.0.1"
    port: int = 8000
    drain_seconds: int = 0  # between not being ready any more and taking no more requests


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
    placements: Mapping[str, PlacementSettings] = field(default_factory=dict)
    contexts: Mapping[str, PlacementSettings] = field(default_factory=dict)

    @property
    def signing_key(self) -> Path:
        """The private key that signs access tokens."""
        return self.home / "signing-key.json"

    @property
    def secret_key(self) -> Path:
        """The file of the key that encrypts what has to be read again."""
        return self.home / "secret-key"

    @property
    def external(self) -> bool:
        """Whether PostgreSQL is yours; also where each context is told of a database by URIs."""
        by_uri = (each.app_dsn is not None for each in self.contexts.values())
        return self.app_dsn is not None or (bool(self.contexts) and all(by_uri))


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """What replicas share: RabbitMQ for contracts, which else go straight to databases; Valkey."""

    url: str | None = field(default=None, repr=False)
    valkey_url: str | None = field(default=None, repr=False)  # where replicas count together


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
class IdentitySettings:
    """Who may sign up by themselves, what one password's hash costs, and who else vouches."""

    sign_up_open: bool = True
    invited_open: bool = True
    public_url: str | None = None
    provider: ProviderSettings | None = None  # who vouches for people besides their passwords
    password_memory_kib: int = 65_536  # RFC 9106, second choice


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    serve: ServeSettings = field(default_factory=ServeSettings)
    place: PlaceSettings = field(default_factory=PlaceSettings)
    auth: AuthSettings = field(default_factory=lambda: AuthSettings(jwks=Path(".invx/jwks.json")))
    http: HttpSettings = field(default_factory=HttpSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    observability: ObservabilitySettings = field(default_factory=ObservabilitySettings)
    renderers: int = 2  # threads that make PDFs
    tax_registers: TaxRegisterSettings = field(default_factory=TaxRegisterSettings)
    transmission: TransmissionSettings = field(default_factory=TransmissionSettings)
    tax_engine: TaxEngineSettings = field(default_factory=TaxEngineSettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    anchor: AnchorSettings = field(default_factory=AnchorSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    file_limits: FileLimits = field(default_factory=FileLimits)
    quotas: Mapping[str, Quota] = field(default_factory=dict)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises SettingInvalid, naming the variable."""
    read = Reader(environment)
    home = Path(read.text("INVX_HOME", ".invx"))
    jwks = read.text("INVX_JWKS", str(home / "jwks.json"))
    settings = Settings(
        serve=ServeSettings(
            read.text("INVX_HOST", "127.0.0.1"),
            read.number("INVX_PORT", 8000, most=65_535),
            read.number("INVX_DRAIN_SECONDS", 0, most=3_600),
        ),
        place=_place(read, home),
        auth=AuthSettings(
            jwks=jwks if jwks.startswith(("http://", "https://")) else Path(jwks),
            issuer=read.text("INVX_ISSUER", "invx"),
            token_url=read.url("INVX_TOKEN_URL"),
            token_lifetime_seconds_max=read.number("INVX_TOKEN_LIFETIME_SECONDS_MAX", 300, least=1),
        ),
        http=HttpSettings(https_only=_https_only(read)),
        broker=BrokerSettings(
            read.url("INVX_RABBITMQ", ("amqp", "amqps")),
            read.url("INVX_VALKEY", ("redis", "rediss")),
        ),
        observability=_observability(read),
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
        identity=_identity(read),
        anchor=_anchor(read),
        storage=_storage(read),
        file_limits=(file_limits := _file_limits(read)),
        quotas=_quotas(read.path("INVX_QUOTAS"), file_limits),
    )
    read.refuse_unknown(_FOREIGN)
    place = settings.place
    dsns = (place.app_dsn, place.system_dsn, place.admin_dsn)
    if any(dsns) and not all(dsns):
        raise SettingInvalid(
            "Set INVX_DATABASE_APP, INVX_DATABASE_SYSTEM and INVX_DATABASE_ADMIN together."
        )
    if place.placements and place.contexts:
        raise SettingInvalid("Set INVX_PLACEMENTS or INVX_CONTEXT_DATABASES, not both.")
    return settings


def _observability(read: Reader) -> ObservabilitySettings:
    return ObservabilitySettings(
        log_level=read.choice("INVX_LOG_LEVEL", _LEVELS, "info"),
        log_json=not read.flag("INVX_LOG_TEXT"),
        otlp_endpoint=read.url("INVX_OTLP_ENDPOINT"),
        trace_sample_ratio=read.number("INVX_TRACE_PERCENT", 100, most=100) / 100,
        metrics_port=read.number("INVX_METRICS_PORT", 0, most=65_535),
    )


def _https_only(read: Reader) -> bool:
    """Said, or plain from how browsers reach this installation."""
    said = read.flag("INVX_HTTPS_ONLY")
    return said or (read.url("INVX_PUBLIC_URL") or "").startswith("https://")


def _identity(read: Reader) -> IdentitySettings:
    read.url("INVX_OIDC_ISSUER")  # refuses what is none; it is compared to the letter, slash or not
    names = (
        *("INVX_OIDC_NAME", "INVX_OIDC_ISSUER"),
        *("INVX_OIDC_CLIENT_ID", "INVX_OIDC_CLIENT_SECRET"),
    )
    given = [read.optional(name) for name in names]
    provider = [text for text in given if text is not None]
    if provider and len(provider) < len(given):
        raise SettingInvalid(f"Set {', '.join(names)} together.")
    sign_up = read.choice("INVX_SIGN_UP", ("open", "invitation", "closed"), "open")
    return IdentitySettings(
        sign_up_open=sign_up == "open",
        invited_open=sign_up != "closed",
        public_url=read.url("INVX_PUBLIC_URL"),
        provider=ProviderSettings(*provider) if provider else None,
        password_memory_kib=read.number("INVX_PASSWORD_MEMORY_KIB", 65_536, least=19_456),
    )


def _tax_engine(read: Reader) -> TaxEngineSettings:
    engine = TaxEngineSettings(
        name=read.optional("INVX_TAX_ENGINE"),
        url=read.url("INVX_TAX_ENGINE_URL"),
        secret=read.optional("INVX_TAX_ENGINE_SECRET"),
    )
    if (engine.name is None) is not (engine.url is None):
        raise SettingInvalid("Set INVX_TAX_ENGINE and INVX_TAX_ENGINE_URL together.")
    return engine


def _anchor(read: Reader) -> AnchorSettings:
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


def _quotas(file: Path | None, files: FileLimits) -> dict[str, Quota]:
    """What the file of quotas says of each class of tenants."""
    wanted = f"classes, each with any of the positive numbers {', '.join(QUOTA_KEYS)}"
    return _said_in("INVX_QUOTAS", file, lambda said: quotas_of(said, files), wanted)


def _file_limits(read: Reader) -> FileLimits:
    return FileLimits(
        # The edge takes no longer body, whatever is set here.
        read.number("INVX_FILE_BYTES_MAX", 10_000_000, least=1, most=limits.BODY_BYTES_MAX),
        read.number("INVX_FILES_MAX", 10_000),
        read.number("INVX_FILES_BYTES_MAX", 5_000_000_000, most=10**15),
    )


def _storage(read: Reader) -> StorageSettings:
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


def _place(read: Reader, home: Path) -> PlaceSettings:
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
        placements=_placements("INVX_PLACEMENTS", read.path("INVX_PLACEMENTS")),
        contexts=_placements("INVX_CONTEXT_DATABASES", read.path("INVX_CONTEXT_DATABASES")),
    )


def _placements(name: str, file: Path | None) -> dict[str, PlacementSettings]:
    """What a file of databases says; no text of it is ever shown, for it holds passwords."""
    wanted = (
        'names (lower case, digits, _; not "pooled"), each with {"database": NAME} or'
        ' {"app": URI, "system": URI, "admin": URI}'
    )
    return _said_in(name, file, placements_of, wanted)


def _said_in(
    name: str, file: Path | None, read: Callable[[Any], dict[str, T]], wanted: str
) -> dict[str, T]:
    """The JSON object in a file, as `read` understands it."""
    if file is None:
        return {}
    try:
        return read(json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise SettingInvalid(f"{name}: {file} cannot be read: {error.strerror}.") from None
    except (ValueError, AttributeError, TypeError):
        raise SettingInvalid(f"{name}: {file} must be a JSON object of {wanted}.") from None


def _numbers(read: Reader, home: Path) -> Path | None:
    """The journal of numbers is kept beside the embedded database unless it is off."""
    beside = "off" if read.optional("INVX_DATABASE_APP") else str(home / "numbers.jsonl")
    text = read.text("INVX_NUMBERS_FILE", beside)
    return None if text == "off" else Path(text)
