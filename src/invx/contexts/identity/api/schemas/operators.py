"""Bodies of the operator plane, and of what tenants see of it."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas import examples
from invx.contexts.identity.api.schemas.access import Permissions
from invx.contexts.identity.api.schemas.sign_in import Email, In, Moment
from invx.contexts.identity.domain.support import HOURS_MAX

_WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]*$"  # lines and tabs are fine
Reason = Annotated[
    str,
    Field(min_length=3, max_length=1_000, pattern=_WORDS, description="Why; kept in the audit."),
]


class OperatorSignInIn(In):
    """An operator shows a password and a code of the second factor."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.OPERATOR_SIGN_IN]}
    )

    email: Email
    password: Annotated[str, Field(max_length=1_000)]
    code: Annotated[str, Field(max_length=64, description="Of the app, or a recovery code.")]


class ReasonIn(In):
    """Why something is done to a tenant."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REASON]})

    reason: Reason


class QuotaClassIn(In):
    """Which class of quotas a tenant is in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.QUOTA_CLASS]}
    )

    quota_class: Annotated[
        str, Field(max_length=31, description="`standard`, or one that INVX_QUOTAS names.")
    ]


class DefaultsIn(In):
    """What holds for tenants about which nobody decided."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DEFAULTS]})

    quota_class: Annotated[
        str, Field(max_length=31, description="`standard`, or one that INVX_QUOTAS names.")
    ]


class SupportRequestIn(In):
    """Why an operator wants to be let in, and to do what."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.SUPPORT_REQUEST]}
    )

    reason: Reason
    permissions: Annotated[
        Permissions | None, Field(description="Null asks to read, and nothing else.")
    ] = None


class SupportGrantIn(In):
    """What an operator is let in for, and how long."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.SUPPORT_GRANT]}
    )

    request: Annotated[str, Field(max_length=64, description="The id of what was asked, `sup_…`.")]
    permissions: Annotated[
        Permissions | None,
        Field(description="Null is reading, of what you may read yourself; nothing else."),
    ] = None
    hours: Annotated[int, Field(ge=1, le=HOURS_MAX)] = 4


class AnnouncementIn(In):
    """What all tenants are told, from when, until when."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.ANNOUNCEMENT]}
    )

    text: Annotated[str, Field(min_length=1, max_length=2_000, pattern=_WORDS)]
    severity: Literal["info", "warning", "critical"] = "info"
    starts_at: Annotated[AwareDatetime | None, Field(description="Null is now.")] = None
    ends_at: AwareDatetime


class OperatorTokenOut(BaseModel):
    """The token of an operator, for a quarter of an hour. There is no refresh token."""

    object: Literal["operator_token"]
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    operator: str


class SupportTokenOut(BaseModel):
    """A token of the tenant, for what was granted."""

    object: Literal["support_token"]
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds; ask again as long as the grant is good.")
    tenant: str
    permissions: list[str]
    granted_until: Moment


class SizeOut(BaseModel):
    """How large a tenant is in the database."""

    events: int
    about_bytes: int = Field(description="An estimate, without files.")


class TodayOut(BaseModel):
    """How busy a tenant is since midnight (UTC)."""

    documents: int | None = Field(description="Drafted. Null where the tenant cannot be read.")
    requests: int = Field(description="That this process saw.")


class OutboxOut(BaseModel):
    """What waits to be handed to other contexts."""

    pending: int
    oldest_seconds: int


class InboxOut(OutboxOut):
    """What was handed over and waits, or failed for good."""

    parked: int


class OperatedContextOut(BaseModel):
    """A part of the program, with its share of the tenant."""

    name: str
    size: SizeOut
    outbox: OutboxOut
    inbox: InboxOut


class OperatedTenantOut(BaseModel):
    """A tenant as operators see it: none of what is in it."""

    object: Literal["operated_tenant"]
    id: str
    name: str
    mode: str = Field(description="`live` or `test`.")
    status: str = Field(description="As docs/operations/tenants.md lists them.")
    placement: str = Field(description="`pooled`, or the database of its own.")
    quota_class: str = Field(description="`standard` is what the installation says.")
    size: SizeOut
    today: TodayOut
    outbox: OutboxOut
    inbox: InboxOut
    contexts: list[OperatedContextOut] = Field(
        description="The same of each context; empty where the tenant cannot be read."
    )


class OperatedTenantPageOut(BaseModel):
    """A page of tenants."""

    object: Literal["list"]
    data: list[OperatedTenantOut]
    has_more: bool
    next: str | None


class QuotaOut(BaseModel):
    """What a class of tenants may take. Null is no bound."""

    name: str
    requests_per_second: float | None
    burst: int | None
    files: int
    files_bytes: int
    file_bytes: int


class InstallationOut(BaseModel):
    """The installation: what a tenant gets where nobody decided otherwise, and the last backup."""

    object: Literal["installation"]
    last_backup_at: Moment | None = Field(description="Null without INVX_BACKUP, or without any.")
    default_quota: QuotaOut
    quotas: list[QuotaOut]


class AnnouncementOut(BaseModel):
    """What tenants are told."""

    object: Literal["announcement"]
    id: str
    text: str
    severity: str = Field(description="`info`, `warning` or `critical`.")
    starts_at: Moment
    ends_at: Moment


class AnnouncementListOut(BaseModel):
    """What is shown now."""

    object: Literal["list"]
    data: list[AnnouncementOut]


class MadeAnnouncementOut(AnnouncementOut):
    """The same as operators see it."""

    made_by: str
    made_at: Moment
    withdrawn_at: Moment | None


class MadeAnnouncementListOut(BaseModel):
    """All announcements, the newest first."""

    object: Literal["list"]
    data: list[MadeAnnouncementOut]


class SupportGrantOut(BaseModel):
    """An operator's request to be let in, and what became of it."""

    object: Literal["support_grant"]
    id: str
    status: str = Field(description="`asked`, `granted`, `refused` or `ended`.")
    operator_id: str
    operator: str | None
    reason: str | None
    permissions: list[str] = Field(description="Granted; those that were asked for before.")
    asked_at: Moment
    decided_by: str | None
    decided_at: Moment | None
    granted_until: Moment | None
    ended_at: Moment | None
    ended_reason: str | None


class SupportGrantListOut(BaseModel):
    """All of them, the newest first."""

    object: Literal["list"]
    data: list[SupportGrantOut]
