"""Checks of tax ids."""

from typing import Literal

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas.values import Code, Country, Flag, In, Out


class TaxIdCheckIn(In):
    """A tax id as somebody gave it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tax_id": "DE 129 273 398", "requester": "ATU13585627"}]}
    )

    tax_id: Code = Field(description="As written; blanks, dots and dashes do not matter.")
    country: Country | None = Field(
        None, description="Whose id it is, for ids that do not begin with their country."
    )
    ask_register: Flag = Field(True, description="Ask the register of the country, if one is set.")
    requester: Code | None = Field(
        None,
        description="Your own VAT id: the register then gives a number as proof of the question.",
    )


class RegisterAnswerOut(Out):
    """What the register said. Keep it with your papers: it is your proof of care."""

    source: str = Field(description="`vies` or `hmrc`; more may come.")
    asked_at: str
    consultation: str | None = Field(description="The number under which the register knows it.")
    name: str | None
    address: str | None
    reason: str | None = Field(description="Why there is no answer.")


class TaxIdCheckOut(Out):
    """What is known of the id."""

    object: Literal["tax_id_check"]
    tax_id: str = Field(description="In compact form.")
    country: str = Field(description="As ids of it begin: EL for Greece, XI for Northern Ireland.")
    validity: str = Field(
        description="`valid` and `invalid` (malformed, or unknown to the register); `unavailable` "
        "when the register does not answer; `not_asked` when it is only well-formed."
    )
    form: Literal["right", "wrong", "unknown"] = Field(
        description="Form and check digits; `unknown` for countries whose rules are not known."
    )
    fault: str | None
    answer: RegisterAnswerOut | None = Field(description="Of the register, if it was asked.")
