"""How buyers want their e-invoices, and what a legal entity does about them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from invx.contexts.invoicing.api.schemas import words
from invx.contexts.invoicing.api.schemas.values import Day, DayOut, In, Out
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.routes import OfficialRules, Requirement

# Those of Factur-X are PDFs with the XML inside; the others are XML by themselves.
FormatCode = Literal[
    "ubl",
    "cii",
    "xrechnung_ubl",
    "xrechnung_cii",
    "peppol",
    "facturx_en16931",
    "facturx_extended",
    "facturx_basic",
    "facturx_basic_wl",
    "facturx_minimum",
]
FORMAT_SAYS = "; ".join(f"`{each.code}`: {each.title}" for each in FORMATS.values())
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+$")
]


class RouteIn(In):
    """A format and the days on which it is due."""

    format: FormatCode | None = Field(
        description=f"Null: no e-invoice on these days. {FORMAT_SAYS}."
    )
    valid_from: Day | None = None
    valid_to: Day | None = Field(None, description="The last day.")


class RoutingIn(In):
    """How a buyer wants its invoices."""

    routes: list[RouteIn] = Field(
        default=[], max_length=20, description="The one that holds on the issue date is taken."
    )
    requires: list[Requirement] = Field(
        default=[],
        max_length=20,
        description="Without these no invoice is finalized, whatever its format asks.",
    )
    emails: list[Email] = Field(default=[], max_length=20, description="Where invoices go by mail.")


class EInvoicePolicyIn(In):
    """What a legal entity does about e-invoices."""

    default_format: Annotated[
        FormatCode | None,
        Field(
            description="For business buyers without a route, in profile `en16931`; none if absent."
        ),
    ] = None
    official_rules: Annotated[
        OfficialRules,
        Field(
            description="`before_finalize`: what the official rules of its route refuse is not "
            "finalized."
        ),
    ] = OfficialRules.ON_REQUEST


class RouteOut(Out):
    format: words.EInvoiceFormat | None
    valid_from: DayOut | None
    valid_to: DayOut | None


class RoutingOut(Out):
    routes: list[RouteOut]
    requires: list[words.EInvoiceRequirement]
    emails: list[str]


class EInvoicePolicyOut(Out):
    default_format: words.EInvoiceFormat | None
    official_rules: words.OfficialRules


class DueRouteOut(Out):
    """The e-invoice that a document becomes."""

    format: words.EInvoiceFormat
    source: words.RouteSource = Field(description="Who said so.")


class TakenRouteOut(DueRouteOut):
    """The e-invoice that a document is."""

    verdict: str | None = Field(
        description="Set when the official rules were asked before the number was drawn, and found "
        "nothing against it: the fingerprint of what they judged."
    )
