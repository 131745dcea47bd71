"""What stands beside the lines of a document: further notes, how to pay, attached files."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from invx.contexts.invoicing.api.schemas.values import Code, FileRef, In, Name, Out, Text
from invx.infra.http.fields import TypeId
from invx.kernel import limits


def _decodable(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "Expected base64 without line breaks.") from None
    return text


Base64 = Annotated[
    str,
    StringConstraints(min_length=4, max_length=limits.ATTACHMENT_CHARS_MAX),
    AfterValidator(_decodable),
    Field(json_schema_extra={"contentEncoding": "base64"}, examples=["JVBERi0xLjcK"]),
]


class NoteIn(In):
    """A further note; its subject is a code of UNTDID 4451 such as AAI or REG (BT-21)."""

    text: Text
    subject: Annotated[str, Field(pattern="^[A-Z0-9]{3}$")] | None = None


class CardIn(In):
    """The card that was charged (BG-18)."""

    number: Annotated[str, Field(pattern=r"^[0-9*xX.]{0,15}[0-9]{4,6}$")] = Field(
        description="Only the last four to six digits; what stands before is masked."
    )
    holder: Name | None = None


class DirectDebitIn(In):
    """How the sum is collected (BG-19)."""

    mandate: Code | None = None
    creditor: Code | None = Field(None, description="The seller's creditor id (BT-90).")
    account: Code | None = Field(None, description="The debited account (BT-91).")


class PaymentMeansIn(In):
    """How to pay (BG-16). Accounts to pay to are those of the legal entity."""

    code: Annotated[str, Field(pattern="^([0-9]{1,2}|ZZZ)$")] | None = Field(
        None, description="UNTDID 4461; when absent it follows from the seller's account."
    )
    text: Name | None = None
    remittance: Name | None = Field(None, description="What the payment is to say (BT-83).")
    card: CardIn | None = None
    direct_debit: DirectDebitIn | None = None


class AttachmentIn(In):
    """A supporting document (BG-24): where it is, its content, or a file that was uploaded."""

    id: Name
    description: Text | None = None
    location: Text | None = Field(None, description="Its address.")
    content: Base64 | None = None
    media_type: Code | None = Field(None, description="Of the content: application/pdf and so on.")
    filename: Name | None = None
    file: Annotated[UUID, TypeId("file")] | None = Field(
        None,
        description="An uploaded file. Its type is the file's, its name too unless one is stated.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "AttachmentIn":
        if self.file is not None and (self.content is not None or self.media_type is not None):
            raise PydanticCustomError(
                "file_or_content", "A file has a content and a media type of its own."
            )
        return self


class NoteOut(Out):
    text: str | None
    subject: str | None


class CardOut(Out):
    number: str | None
    holder: str | None


class DirectDebitOut(Out):
    mandate: str | None
    creditor: str | None
    account: str | None


class PaymentMeansOut(Out):
    code: str | None
    text: str | None
    remittance: str | None
    card: CardOut | None
    direct_debit: DirectDebitOut | None


class AttachmentOut(Out):
    """A supporting document, with its content in base64."""

    id: str | None
    description: str | None
    location: str | None
    content: str | None
    media_type: str | None
    filename: str | None
    file: FileRef | None = Field(description="The uploaded file, when it is one.")
    sha256: str | None = Field(
        description="The hash of an uploaded file, frozen with the document."
    )
    size: int | None = Field(description="The bytes of an uploaded file.")
