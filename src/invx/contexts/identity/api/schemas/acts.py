"""Bodies about acts."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from invx.contexts.identity.api.schemas.sign_in import Moment


class ActOut(BaseModel):
    """What somebody did. It is an event of the audit: chained, and covered by the seals."""

    object: Literal["act"]
    id: str
    at: Moment
    type: str = Field(description="Such as `member_role_changed`; new ones come.")
    actor: str = Field(description="`user:…`, `key:…`, `operator:…`, `system:…` or `stranger`.")
    kind: str = Field(description="What it is about.")
    about: str = Field(description="Its id.")
    version: int = Field(description="The number of the act among those on the same thing.")
    session: str | None = Field(description="Under which it was done, if by a person.")
    address: str | None = Field(description="From where that session was opened.")
    user_agent: str | None
    request_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ActPageOut(BaseModel):
    """A page of acts."""

    object: Literal["list"]
    data: list[ActOut]
    has_more: bool
    next: str | None
