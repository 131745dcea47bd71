"""What was agreed with a buyer about e-invoices, and what a legal entity does without agreement."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.kernel.errors import Problem


class Requirement(StrEnum):
    """What a buyer wants to find on every invoice, whatever its format asks."""

    BUYER_REFERENCE = "buyer_reference"  # BT-10
    LEITWEG_ID = "leitweg_id"  # BT-10 as a German authority's routing id
    PURCHASE_ORDER = "purchase_order"  # BT-13
    CONTRACT = "contract"  # BT-12
    PROJECT = "project"  # BT-11
    ENDPOINT = "endpoint"  # BT-49
    SIREN = "siren"  # BT-47 of ICD 0002: a French company
    SIRET = "siret"  # BT-46 of ICD 0009: its establishment


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The format that is due from and to these days, both inclusive; None is no e-invoice."""

    format: str | None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def first(self) -> date:
        return self.valid_from or date.min

    @property
    def last(self) -> date:
        return self.valid_to or date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """A buyer's invoicing profile: formats by validity, what it asks, where invoices go by mail."""

    routes: tuple[Route, ...] = ()
    requires: tuple[Requirement, ...] = ()
    emails: tuple[str, ...] = ()

    def on(self, day: date) -> Route | None:
        """The route that holds on a day."""
        return next((each for each in self.routes if each.first <= day <= each.last), None)


class OfficialRules(StrEnum):
    """When the official rules of the routed format are asked."""

    ON_REQUEST = "on_request"
    BEFORE_FINALIZE = "before_finalize"  # and what they refuse is not finalized


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoicePolicy:
    """What a legal entity does about e-invoices.

    `default_format` goes to business buyers of whom no route is stated, in profile `en16931`.
    """

    default_format: str | None = None
    official_rules: OfficialRules = OfficialRules.ON_REQUEST


def route_problems(routing: Routing, at: str) -> Iterator[Problem]:
    """Formats that we write, and on any day one of them at most."""
    for index, route in enumerate(routing.routes):
        if route.format is not None and route.format not in FORMATS:
            yield format_unknown(f"{at}/routes/{index}/format", route.format)
        if route.last < route.first:
            detail = "The last day lies before the first."
            yield Problem(f"{at}/routes/{index}/valid_to", "validity_reversed", detail)
    for (_, one), (index, other) in combinations(enumerate(routing.routes), 2):
        if max(one.first, other.first) <= min(one.last, other.last):
            detail = "Another route holds on some of these days."
            yield Problem(f"{at}/routes/{index}/valid_from", "routes_overlap", detail)


def format_unknown(at: str, format: str) -> Problem:
    """The problem of a format that we do not write."""
    return Problem(at, "format_unknown", f"There is no e-invoice format {format!r}.")
