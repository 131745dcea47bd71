"""What a format is asked about, and how its questions name what is missing."""

from dataclasses import dataclass
from datetime import date

from invx.contexts.invoicing.domain.check_parties import registration_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.party import Party, Seller
from invx.kernel.errors import Problem
from invx.rules.totals.model import Totals


@dataclass(frozen=True, slots=True)
class Asked:
    """A document and who sells."""

    content: Content
    totals: Totals
    seller: Seller

    @property
    def vat_id(self) -> str | None:
        """The seller's VAT id as it is shown (BT-31)."""
        return self.seller.party.vat_id or self._registered("vat_id")

    @property
    def tax_number(self) -> str | None:
        """The seller's tax number as it is shown (BT-32)."""
        return self.seller.party.tax_number or self._registered("tax_number")

    @property
    def between(self) -> tuple[str | None, str | None]:
        """The countries of the addresses of seller and buyer (BT-40, BT-55)."""
        return country_of(self.seller.party), country_of(self.content.buyer)

    def _registered(self, name: str) -> str | None:
        day = self.content.issue_date or date.max
        found = registration_of(self.seller, self.content, day)
        return getattr(found, name) if found else None


def country_of(party: Party | None) -> str | None:
    """The country of its address."""
    return party.address.country if party and party.address else None


def absent(pointer: str, what: str, rule: str) -> Problem:
    """The format asks for something that is not stated."""
    return Problem(pointer, "field_missing", f"The format needs {what} ({rule}).")


def wrong(pointer: str, detail: str, rule: str) -> Problem:
    """What is stated may not be stated in this format."""
    return Problem(pointer, "not_allowed", f"{detail} ({rule}).")
