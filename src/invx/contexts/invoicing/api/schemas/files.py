"""Uploaded files."""

from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.values import FileRef, MomentOut, Out


class FileOut(Out):
    """An uploaded file. It never changes; documents name it as an attachment."""

    object: Literal["file"]
    id: FileRef
    name: str | None = Field(description="Null after an erasure.")
    media_type: str = Field(description="What its bytes are, whatever was said.")
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of its bytes, in hexadecimal; the ETag of the content.")
    created_at: MomentOut


class FileListOut(Out):
    object: Literal["list"]
    data: list[FileOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")
