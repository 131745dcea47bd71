"""Tax ids and what is known of them: their form, and what the register of the country said."""

from dataclasses import dataclass
from datetime import datetime

from invx.rules.tax.model import Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxIdForm:
    """A tax id in its compact form, or the reason why it cannot be one."""

    country: str  # as in the id: EL for Greece, XI for Northern Ireland
    tax_id: str  # compact, with the country where ids of that country begin with it
    fault: str | None = None  # for people; None when form and check digits are right
    checked: bool = True  # whether the country's rules are known at all


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnswer:
    """What a register said, and the proof of it.

    `consultation` is the number by which the authority finds the question again; VIES and HMRC
    give one only to those who name their own VAT id.
    """

    validity: Validation
    register: str  # "vies", "hmrc"
    asked_at: datetime
    consultation: str | None = None
    name: str | None = None
    address: str | None = None
    reason: str | None = None  # why there is no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTaxId:
    """A tax id with all that is known of it."""

    form: TaxIdForm
    answer: RegisterAnswer | None

    @property
    def validity(self) -> Validation:
        if self.form.fault is not None:
            return Validation.INVALID
        return self.answer.validity if self.answer else Validation.NOT_ASKED
