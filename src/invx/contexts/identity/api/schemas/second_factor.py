"""Bodies about second factors."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas import examples
from invx.contexts.identity.api.schemas.sign_in import In

_PASSWORD = "correct horse battery staple"  # noqa: S105 - an example in the documentation

Shown = Annotated[str, Field(max_length=1_000, description="Your password, once more.")]
Code = Annotated[
    str,
    Field(min_length=1, max_length=64, description="The code of your app, or a recovery code."),
]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


class ReauthenticationIn(In):
    """Before something important changes."""

    model_config = _example(password=_PASSWORD)

    password: Shown


class CodeIn(In):
    """A code of the app that was just set up."""

    model_config = _example(code="287082")

    code: Code


class RemovalIn(In):
    """Both factors, to go on with one."""

    model_config = _example(password=_PASSWORD, code="287082")

    password: Shown
    code: Code


class TotpOut(BaseModel):
    """What an authenticator app needs; shown once. Nothing is asked for before it is confirmed."""

    object: Literal["totp"]
    secret: str = Field(description="Base 32, to be typed where no picture can be read.")
    uri: str = Field(description="`otpauth://…`, which the picture holds.")
    qr_svg: str = Field(description="The picture, as an SVG document.")


class RecoveryCodesOut(BaseModel):
    """Codes for when the app is lost, each good once; shown once."""

    object: Literal["recovery_codes"]
    codes: list[str]


class DeletionIn(In):
    """Both factors, as far as there are any."""

    model_config = _example(password=examples.ACCEPT["password"])

    password: Annotated[
        str | None,
        Field(
            max_length=1_000,
            description="Your password, once more; who has none asks within ten minutes of"
            " signing in.",
        ),
    ] = None
    code: Annotated[
        str | None,
        Field(max_length=64, description="Of the second factor, or a recovery code."),
    ] = None
