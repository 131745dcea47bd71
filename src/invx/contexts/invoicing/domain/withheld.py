"""Tax that the buyer keeps back: what the document expects, and what certificates prove."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The buyer's word that tax was paid for the seller; `final` says that no other one follows.

    One of a source that is known takes the place of the earlier one.
    """

    source: str
    on: date
    amount: Decimal
    final: bool = False


class Withheld:
    """The certificates of one claim, by source."""

    def __init__(self) -> None:
        self.certificates: dict[str, Certificate] = {}
        self.count = 0  # certificates ever, replaced ones too

    def remember(self, certificate: Certificate) -> None:
        """The certificate came in."""
        self.certificates[certificate.source] = certificate
        self.count += 1

    @property
    def certified(self) -> Decimal:
        """What all certificates say together."""
        return sum((each.amount for each in self.certificates.values()), ZERO)

    def with_(self, certificate: Certificate) -> Iterable[Certificate]:
        """All certificates once this one is among them."""
        return {**self.certificates, certificate.source: certificate}.values()


def beyond(certificates: Iterable[Certificate], expected: Decimal) -> Decimal:
    """What was kept back other than expected: it settles the claim, or opens it where negative.

    Less than expected counts as such only once a certificate is final: until then more may come.
    """
    found = tuple(certificates)
    difference = sum((each.amount for each in found), ZERO) - expected
    return difference if any(each.final for each in found) else max(difference, ZERO)
