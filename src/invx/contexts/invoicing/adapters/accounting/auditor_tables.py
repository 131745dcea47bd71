"""The tables that an auditor is handed, in German, as the description standard lists them."""

from dataclasses import dataclass

TEXT, DAY = "text", "day"


@dataclass(frozen=True, slots=True)
class AuditColumn:
    """A column: our name, the auditor's, and what it holds. A number says its decimals."""

    field: str
    name: str
    holds: str | int = TEXT


@dataclass(frozen=True, slots=True)
class AuditTable:
    """A table. Its first `keys` columns together name a row."""

    file: str
    name: str
    description: str
    columns: tuple[AuditColumn, ...]
    keys: int = 1
    of_document: bool = False  # whether its rows belong to rows of the documents


def _columns(said: str) -> tuple[AuditColumn, ...]:
    """`field=Name` a text, `field=Name:4` a figure, `field=Name:day` a day."""
    found = []
    for each in said.split():
        field, _, rest = each.partition("=")
        name, _, holds = rest.partition(":")
        found.append(AuditColumn(field, name, int(holds) if holds.isdigit() else holds or TEXT))
    return tuple(found)


DOCUMENTS = AuditTable(
    "belege.csv",
    "Belege",
    "Rechnungen und Gutschriften mit ihren Summen",
    _columns(
        "document_id=Beleg_ID number=Belegnummer type=Belegart status=Status voided=Storniert"
        " issue_date=Belegdatum:day supply_date=Leistungsdatum:day due_date=Faelligkeit:day"
        " customer=Kunde buyer_name=Kundenname street=Strasse postal_code=PLZ city=Ort country=Land"
        " vat_id=USt_IdNr currency=Waehrung net=Netto:4 tax=Steuer:4 gross=Brutto:4"
        " credits=Korrigiert_Beleg_ID cancelled_by=Storniert_durch_Beleg_ID"
        " replaced_by=Ersetzt_durch_Beleg_ID finalized_at=Festgeschrieben_am"
    ),
)
LINES = AuditTable(
    "positionen.csv",
    "Positionen",
    "Zeilen der Belege",
    _columns(
        "document_id=Beleg_ID position=Position kind=Art description=Bezeichnung"
        " quantity=Menge:12 unit=Einheit price=Preis:12 net=Netto:4 tax_category=Steuerkategorie"
        " tax_rate=Steuersatz:6 ledger_account=Konto"
    ),
    keys=2,
    of_document=True,
)
SETTLEMENTS = AuditTable(
    "ausgleich.csv",
    "Ausgleich",
    "Zahlungen, Skonti, Ausbuchungen, Verrechnungen und Erstattungen je Beleg",
    _columns(
        "document_id=Beleg_ID sequence=Nummer:0 number=Belegnummer kind=Art amount=Betrag:4"
        " currency=Waehrung on_date=Datum:day source=Quelle note=Notiz entry_id=Eintrag_ID"
        " reverses=Storniert_Eintrag_ID recorded_at=Erfasst_am"
    ),
    keys=2,
)
TAX_ENTRIES = AuditTable(
    "steuer.csv",
    "Steuer",
    "Eintraege der Umsatzsteuer",
    _columns(
        "document_id=Beleg_ID sequence=Nummer:0 cause=Anlass tax_point=Steuerdatum:day"
        " period=Zeitraum country=Land basis=Versteuerung scheme=Rechtsgrund"
        " category=Steuerkategorie rate=Steuersatz:6 currency=Waehrung base=Grundlage:4"
        " tax=Steuer:4 tax_currency=Meldewaehrung exchange_rate=Kurs:12"
        " accounted_base=Grundlage_gemeldet:4 accounted_tax=Steuer_gemeldet:4"
        " settlement_entry=Eintrag_ID recorded_at=Erfasst_am"
    ),
    keys=2,
)
BOOKINGS = AuditTable(
    "buchungen.csv",
    "Buchungen",
    "Journal: Betrag von Haben an Soll",
    _columns(
        "booking_id=Buchung_ID document_id=Beleg_ID sequence=Nummer:0 document_number=Belegnummer"
        " kind=Art booked_on=Buchungsdatum:day period=Periode debit=Soll credit=Haben"
        " amount=Betrag:4 currency=Waehrung booked_amount=Betrag_Buchwaehrung:4"
        " book_currency=Buchwaehrung exchange_rate=Kurs:12 tax_key=Steuerschluessel"
        " tax_category=Steuerkategorie tax_rate=Steuersatz:6 tax=Steuer:4 country=Land"
        " cost_center=Kostenstelle cost_object=Kostentraeger service_date=Leistungsdatum:day"
        " due_date=Faelligkeit:day settlement_entry=Eintrag_ID reverses=Storniert_Buchung_ID"
        " recorded_at=Erfasst_am"
    ),
)
TABLES = (DOCUMENTS, LINES, SETTLEMENTS, TAX_ENTRIES, BOOKINGS)
