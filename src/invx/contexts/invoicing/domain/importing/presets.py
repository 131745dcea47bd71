"""Mappings for files of systems that many come from: which of their columns is which field.

Nothing is guessed: a preset names columns that were found documented, `source` says where. Systems
rename columns over the years, so a field may have several, of which a file has the first; what a
file lacks is left for its owner to say, and the check compares all figures before anything counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from invx.contexts.invoicing.domain.importing.mapping import (
    REQUIRED,
    FieldSource,
    ImportMapping,
)
from invx.contexts.invoicing.domain.importing.suggestions import date_told, decimal_told
from invx.kernel.errors import Invalid, Problem


class PresetKey(StrEnum):
    """What a preset is called."""

    INVX = "invx"
    STRIPE = "stripe"
    ODOO = "odoo"
    GERMAN_LIST = "german_list"


class PresetUnfit(Invalid):
    """The file lacks columns without which it is no file of this system; `problems` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Columns by field, the likeliest first; `decimal` and `date` where they are never others.

    `grouped`: numbers may have a sign between thousands, so 1.234 may be either.
    """

    name: str
    source: str
    columns: Mapping[str, tuple[str, ...]]
    decimal: str | None = None
    date: str | None = None
    grouped: bool = True
    without: tuple[str, ...] = field(default=("currency",))  # of what is needed: said by hand


PRESETS: dict[PresetKey, Preset] = {
    PresetKey.INVX: Preset(
        name="Invx, export of documents",
        source="docs/exchange.md: the columns of `GET /v1/invoices/export?of=documents`.",
        columns={
            **{
                name: (name,)
                for name in (
                    *("number", "type", "issue_date", "due_date", "currency", "net", "tax"),
                    *("gross", "open", "customer", "buyer_name"),
                )
            },
        },
        grouped=False,
        without=(),
    ),
    PresetKey.STRIPE: Preset(
        name="Stripe, export of invoices",
        source="Stripe, Manage invoices (export as CSV); columns as public programs read them.",
        columns={
            "number": ("Number",),
            "issue_date": ("Finalized At (UTC)", "Date (UTC)"),
            "due_date": ("Due Date (UTC)",),
            "currency": ("Currency",),
            "net": ("Total Excluding Tax",),
            "tax": ("Tax",),
            "gross": ("Total",),
            "paid": ("Amount Paid",),
            "customer": ("Customer",),
            "buyer_name": ("Customer Name",),
            "buyer_email": ("Customer Email",),
        },
        decimal=".",
        date="YYYY-MM-DD",
    ),
    PresetKey.ODOO: Preset(
        name="Odoo, export of customer invoices",
        source="Odoo, model `account.move`: the labels of its fields, versions 13 to 19.",
        # Without "Signed": those are in the currency of the company.
        columns={
            "number": ("Number",),
            "type": ("Type",),
            "issue_date": ("Invoice/Bill Date", "Invoice Date"),
            "due_date": ("Due Date",),
            "currency": ("Currency",),
            "net": ("Untaxed Amount",),
            "tax": ("Tax",),
            "gross": ("Total",),
            "open": ("Amount Due",),
            "buyer_name": ("Invoice Partner Display Name", "Partner"),
        },
        decimal=".",
        date="YYYY-MM-DD",
    ),
    PresetKey.GERMAN_LIST: Preset(
        name="List of invoices of a German program (sevDesk and others)",
        source="Columns as public programs read such lists; their makers publish none.",
        columns={
            "number": ("Rechnungsnummer", "Rechnungs-Nr.", "Belegnummer"),
            "issue_date": ("Rechnungsdatum", "Rechnungs-Datum", "Belegdatum"),
            "due_date": ("Fälligkeitsdatum", "Fälligkeit"),
            "currency": ("Währung",),
            "net": ("Netto", "Nettobetrag", "Gesamtbetrag-Netto"),
            "tax_rate": ("MwSt", "Steuersatz"),
            "gross": ("Brutto", "Bruttobetrag", "Gesamtbetrag-Brutto"),
            "open": ("Offen", "Restbetrag"),
            "customer": ("Kundennummer", "Empfänger-KdNr"),
            "buyer_name": ("Kunde", "Kundenname"),
        },
    ),
}


def preset_mapping(
    key: PresetKey, columns: Sequence[str], sample: Sequence[Mapping[str, str]], currency: str
) -> ImportMapping:
    """The mapping of a preset for a file of these columns.

    `currency` stands where no column says one; how numbers and days are written is told by the
    sample where the preset does not say. Raises PresetUnfit.
    """
    preset = PRESETS[key]
    fields = {
        name: FieldSource(column=found)
        for name, known in preset.columns.items()
        if (found := next((each for each in known if each in columns), None)) is not None
    }
    missing = [name for name in REQUIRED if name not in fields and name not in preset.without]
    if missing:
        raise PresetUnfit(
            problems=[
                Problem(
                    "query:preset",
                    "column_missing",
                    f"{name}: the file has no column {' or '.join(preset.columns[name])}.",
                )
                for name in missing
            ]
        )
    fields.setdefault("currency", FieldSource(constant=currency))
    return ImportMapping(
        fields=fields,
        decimal=preset.decimal or decimal_told(fields, sample, grouped=preset.grouped),
        date=preset.date or date_told(fields, sample),
    )
