"""The columns of DATEV's booking batch (format version 13) and of its debtors (version 5).

Names, order and lengths are those of developer.datev.de; a number of texts is their length.
"""

from collections.abc import Iterable

from invx.contexts.invoicing.adapters.accounting.extf import Column, Layout

_NOTE = (20, 210)


def _columns(said: str) -> list[Column]:
    """`Name=20 | Other`: a text of 20 characters, and a figure or day."""
    found = []
    for each in said.split("|"):
        name, _, length = each.strip().partition("=")
        found.append(Column(name, int(length) if length else None))
    return found


def _notes(count: int, kind: str, content: str) -> Iterable[Column]:
    for number in range(1, count + 1):
        yield Column(kind.format(number), _NOTE[0])
        yield Column(content.format(number), _NOTE[1])


def _banks(first: int, last: int) -> Iterable[Column]:
    for number in range(first, last + 1):
        yield from _columns(
            f"Bankleitzahl {number}=8 | Bankbezeichnung {number}=30 | Bank-Kontonummer {number}=10"
            f" | Länderkennzeichen {number}=2 | IBAN-Nr. {number}=34 | Leerfeld=1"
            f" | SWIFT-Code {number}=11 | Abw. Kontoinhaber {number}=70"
            f" | Kennz. Hauptbankverb. {number}=1 | Bankverb {number} Gültig von"
            f" | Bankverb {number} Gültig bis"
        )


_BOOKINGS: tuple[Column, ...] = (
    *_columns(
        "Umsatz (ohne Soll/Haben-Kz) | Soll/Haben-Kennzeichen=1 | WKZ Umsatz=3 | Kurs"
        " | Basis-Umsatz | WKZ Basis-Umsatz=3 | Konto | Gegenkonto (ohne BU-Schlüssel)"
        " | BU-Schlüssel=4 | Belegdatum | Belegfeld 1=36 | Belegfeld 2=12 | Skonto"
        " | Buchungstext=60 | Postensperre | Diverse Adressnummer=9 | Geschäftspartnerbank"
        " | Sachverhalt | Zinssperre | Beleglink=210"
    ),
    *_notes(8, "Beleginfo - Art {}", "Beleginfo - Inhalt {}"),
    *_columns(
        "KOST1 - Kostenstelle=36 | KOST2 - Kostenstelle=36 | Kost-Menge"
        " | EU-Land u. UStID (Bestimmung)=15 | EU-Steuersatz (Bestimmung)"
        " | Abw. Versteuerungsart=1 | Sachverhalt L+L | Funktionsergänzung L+L"
        " | BU 49 Hauptfunktionstyp | BU 49 Hauptfunktionsnummer | BU 49 Funktionsergänzung"
    ),
    *_notes(20, "Zusatzinformation - Art {}", "Zusatzinformation- Inhalt {}"),
    *_columns(
        "Stück | Gewicht | Zahlweise | Forderungsart=10 | Veranlagungsjahr"
        " | Zugeordnete Fälligkeit | Skontotyp | Auftragsnummer=30 | Buchungstyp=2"
        " | USt-Schlüssel (Anzahlungen) | EU-Land (Anzahlungen)=2 | Sachverhalt L+L (Anzahlungen)"
        " | EU-Steuersatz (Anzahlungen) | Erlöskonto (Anzahlungen) | Herkunft-Kz=2"
        " | Buchungs GUID=36 | KOST-Datum | SEPA-Mandatsreferenz=35 | Skontosperre"
        " | Gesellschaftername=76 | Beteiligtennummer | Identifikationsnummer=11"
        " | Zeichnernummer=20 | Postensperre bis | Bezeichnung SoBil-Sachverhalt=30"
        " | Kennzeichen SoBil-Buchung | Festschreibung | Leistungsdatum"
        " | Datum Zuord. Steuerperiode | Fälligkeit | Generalumkehr (GU)=1 | Steuersatz | Land=2"
        " | Abrechnungsreferenz=50 | BVV-Position | EU-Land u. UStID (Ursprung)=15"
        " | EU-Steuersatz (Ursprung) | Abw. Skontokonto"
    ),
)

_DEBTORS: tuple[Column, ...] = (
    *_columns(
        "Konto | Name (Adressattyp Unternehmen)=50 | Unternehmensgegenstand=50"
        " | Name (Adressattyp natürl. Person)=30 | Vorname (Adressattyp natürl. Person)=30"
        " | Name (Adressattyp keine Angabe)=50 | Adressattyp=1 | Kurzbezeichnung=15 | EU-Land=2"
        " | EU-UStID=13 | Anrede=30 | Titel/Akad. Grad=25 | Adelstitel=15 | Namensvorsatz=14"
        " | Adressart=3 | Straße=36 | Postfach=10 | Postleitzahl=10 | Ort=30 | Land=2"
        " | Versandzusatz=50 | Adresszusatz=36 | Abweichende Anrede=30"
        " | Abw. Zustellbezeichnung 1=50 | Abw. Zustellbezeichnung 2=36"
        " | Kennz. Korrespondenzadresse | Adresse Gültig von | Adresse Gültig bis | Telefon=60"
        " | Bemerkung (Telefon)=40 | Telefon GL=60 | Bemerkung (Telefon GL)=40 | E-Mail=60"
        " | Bemerkung (E-Mail)=40 | Internet=60 | Bemerkung (Internet)=40 | Fax=60"
        " | Bemerkung (Fax)=40 | Sonstige=60 | Bemerkung (Sonstige)=40"
    ),
    *_banks(1, 5),
    *_columns(
        "Leerfeld | Briefanrede=100 | Grußformel=50 | Kunden-/Lief.-Nr.=15 | Steuernummer=20"
        " | Sprache | Ansprechpartner=40 | Vertreter=40 | Sachbearbeiter=40 | Diverse-Konto"
        " | Ausgabeziel | Währungssteuerung | Kreditlimit (Debitor) | Zahlungsbedingung"
        " | Fälligkeit in Tagen (Debitor) | Skonto in Prozent (Debitor) | Kreditoren-Ziel 1 Tg."
        " | Kreditoren-Skonto 1 % | Kreditoren-Ziel 2 Tg. | Kreditoren-Skonto 2 %"
        " | Kreditoren-Ziel 3 Brutto Tg. | Kreditoren-Ziel 4 Tg. | Kreditoren-Skonto 4 %"
        " | Kreditoren-Ziel 5 Tg. | Kreditoren-Skonto 5 % | Mahnung | Kontoauszug | Mahntext 1"
        " | Mahntext 2 | Mahntext 3 | Kontoauszugstext | Mahnlimit Betrag | Mahnlimit %"
        " | Zinsberechnung | Mahnzinssatz 1 | Mahnzinssatz 2 | Mahnzinssatz 3 | Lastschrift=1"
        " | Leerfeld=1 | Mandantenbank | Zahlungsträger=1"
    ),
    *(Column(f"Indiv. Feld {number}", 40) for number in range(1, 16)),
    *_columns(
        "Abweichende Anrede (Rechnungsadresse)=30 | Adressart (Rechnungsadresse)=3"
        " | Straße (Rechnungsadresse)=36 | Postfach (Rechnungsadresse)=10"
        " | Postleitzahl (Rechnungsadresse)=10 | Ort (Rechnungsadresse)=30"
        " | Land (Rechnungsadresse)=2 | Versandzusatz (Rechnungsadresse)=50"
        " | Adresszusatz (Rechnungsadresse)=36 | Abw. Zustellbezeichnung 1 (Rechnungsadresse)=50"
        " | Abw. Zustellbezeichnung 2 (Rechnungsadresse)=36"
        " | Adresse Gültig von (Rechnungsadresse) | Adresse Gültig bis (Rechnungsadresse)"
    ),
    *_banks(6, 10),
    *_columns("Nummer Fremdsystem=15 | Insolvent"),
    *(Column(f"SEPA-Mandatsreferenz {number}", 35) for number in range(1, 11)),
    *_columns(
        "Verknüpftes OPOS-Konto | Mahnsperre bis | Lastschriftsperre bis | Zahlungssperre bis"
        " | Gebührenberechnung | Mahngebühr 1 | Mahngebühr 2 | Mahngebühr 3 | Pauschalenberechnung"
        " | Verzugspauschale 1 | Verzugspauschale 2 | Verzugspauschale 3"
        " | Alternativer Suchname=50 | Status | Anschrift manuell geändert (Korrespondenzadresse)"
        " | Anschrift individuell (Korrespondenzadresse)=306"
        " | Anschrift manuell geändert (Rechnungsadresse)"
        " | Anschrift individuell (Rechnungsadresse)=306 | Fristberechnung bei Debitor"
        " | Mahnfrist 1 | Mahnfrist 2 | Mahnfrist 3 | Letzte Frist"
    ),
)

BOOKINGS, DEBTORS = Layout(_BOOKINGS), Layout(_DEBTORS)
