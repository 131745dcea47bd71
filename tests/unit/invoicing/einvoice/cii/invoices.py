"""Invented e-invoices: one that uses every term, and its variants."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Adjustment,
    Attachment,
    Attribute,
    Card,
    Contact,
    CreditTransfer,
    Delivery,
    DirectDebit,
    EInvoice,
    Identifier,
    Item,
    Line,
    Note,
    Party,
    Payee,
    Payment,
    Period,
    Preceding,
    Price,
    TaxGroup,
    TaxRepresentative,
    Totals,
)

D = Decimal
GLN = "5790000436057"
REASONS = {"E": "Exempt by article 132", "AE": "Reverse charge", "Z": None, "S": None}


def address(name: str = "Hauptstraße", country: str = "DE") -> Address:
    return Address(
        line1=f"{name} 1",
        line2="Hof",
        line3="Tor 3",
        city="Köln",
        postal_code="50667",
        region="NW",
        country=country,
    )


def seller() -> Party:
    return Party(
        name="Muster & Söhne GmbH <Köln>",
        trading_name="Muster",
        identifiers=(Identifier(id="4711"), Identifier(id=GLN, scheme="0088")),
        registration=Identifier(id="HRB 1234", scheme="0204"),
        vat_id="DE123456789",
        tax_number="123/456/7890",
        legal_information="Sitz: Köln\nGeschäftsführer: A. B.",
        endpoint=Identifier(id="rechnung@muster.example", scheme="EM"),
        address=address(),
        contact=Contact(name="Anna", phone="+49 221 1", email="anna@muster.example"),
    )


def buyer() -> Party:
    return Party(
        name="Käufer 谢谢 AG",
        trading_name="Käufer",
        identifiers=(Identifier(id=GLN, scheme="0088"),),
        registration=Identifier(id="CHE-1"),
        vat_id="FR12345678901",
        endpoint=Identifier(id=GLN, scheme="0088"),
        address=address("Rue", "FR"),
        contact=Contact(name="Bob", phone="1", email="bob@kaeufer.example"),
    )


def adjustment(amount: str, *, charge: bool = False, taxed: bool = False) -> Adjustment:
    return Adjustment(
        charge=charge,
        amount=D(amount),
        base=D(amount) * 10,
        percent=D(10),
        reason="Fracht" if charge else "Rabatt",
        reason_code="FC" if charge else "95",
        category="S" if taxed else None,
        rate=D(19) if taxed else None,
    )


def item() -> Item:
    return Item(
        name="Beratung",
        description="im Haus\nund am Telefon",
        seller_id="B-1",
        buyer_id="X-9",
        standard_id=Identifier(id="4012345678901", scheme="0160"),
        classifications=(
            Identifier(id="80101500", scheme="STI", scheme_version="19.05"),
            Identifier(id="0721-880X", scheme="IB"),
        ),
        origin="DE",
        attributes=(Attribute(name="Farbe", value="rot"), Attribute(name="Maß", value="1 m")),
    )


def line(id: str = "1", net: str = "100.00") -> Line:
    """A line with every term; its own adjustments cancel each other."""
    return Line(
        id=id,
        note="erste Zeile\nzweite Zeile",
        object=Identifier(id="Zähler 7", scheme="ABZ"),
        quantity=D("4"),
        unit="HUR",
        net=D(net),
        order_line="P-1",
        buyer_accounting_reference="Kostenstelle 9",
        period=Period(start=date(2026, 1, 1), end=date(2026, 1, 31)),
        adjustments=(adjustment("5.00"), adjustment("5.00", charge=True)),
        price=Price(
            net=D(net) / 2,
            discount=D("0.1234"),
            gross=D(net) / 2 + D("0.1234"),
            base_quantity=D(2),
            base_unit="HUR",
        ),
        category="S",
        rate=D(19),
        item=item(),
    )


def transfers() -> tuple[Payment, ...]:
    return (
        Payment(
            code="30",
            text="Überweisung",
            remittance="RE-2026/1",
            transfers=(
                CreditTransfer(account="DE02120300000000202051", name="Muster", bic="BYLADEM1001"),
                CreditTransfer(account="12-345", name="Muster"),
            ),
        ),
    )


def totals() -> Totals:
    return Totals(
        line_net=D("200.00"),
        discounts=D("10.00"),
        charges=D("4.00"),
        net=D("194.00"),
        tax=D("36.86"),
        tax_in_tax_currency=D("400.00"),
        gross=D("230.86"),
        prepaid=D("30.00"),
        rounding=D("-0.01"),
        payable=D("200.85"),
    )


def attachments() -> tuple[Attachment, ...]:
    return (
        Attachment(id="Stunden", description="Nachweis", location="https://muster.example/s"),
        Attachment(
            id="Plan", content=bytes(range(256)), media_type="application/pdf", filename="p.pdf"
        ),
    )


def delivery() -> Delivery:
    return Delivery(
        name="Lager",
        location=Identifier(id=GLN, scheme="0088"),
        date=date(2026, 1, 30),
        address=address("Halle"),
    )


def full() -> EInvoice:
    """Every term of EN 16931 that one invoice can have, by its rules."""
    return EInvoice(
        number="RE-2026/1",
        issue_date=date(2026, 2, 1),
        type_code="380",
        currency="EUR",
        tax_currency="SEK",
        tax_point=date(2026, 1, 31),
        due_date=date(2026, 3, 1),
        buyer_reference="04011000-12345-03",
        project="Projekt 8",
        contract="V-77",
        purchase_order="PO-5",
        sales_order="SO-6",
        receiving_advice="WE-3",
        despatch_advice="LS-4",
        tender="Los 2",
        object=Identifier(id="Anlage 1", scheme="AUB"),
        buyer_accounting_reference="4400",
        payment_terms="30 Tage\n#SKONTO#TAGE=7#PROZENT=2.00#",
        notes=(Note(text="Hallo\nWelt", subject="AAI"), Note(text="Schluss")),
        process="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
        specification="urn:cen.eu:en16931:2017",
        preceding=(
            Preceding(number="RE-1", issue_date=date(2025, 12, 1)),
            Preceding(number="RE-2"),
        ),
        seller=seller(),
        buyer=buyer(),
        payee=Payee(
            name="Factor AG",
            identifier=Identifier(id=GLN, scheme="0088"),
            registration=Identifier(id="HRB 9"),
        ),
        tax_representative=TaxRepresentative(
            name="Fiskal GmbH", vat_id="DE987654321", address=address("Ring")
        ),
        delivery=delivery(),
        period=Period(start=date(2026, 1, 1), end=date(2026, 1, 31)),
        payments=transfers(),
        adjustments=(
            adjustment("10.00", taxed=True),
            adjustment("4.00", charge=True, taxed=True),
        ),
        totals=totals(),
        taxes=(TaxGroup(base=D("194.00"), amount=D("36.86"), category="S", rate=D(19)),),
        attachments=attachments(),
        lines=(line("1"), line("2")),
    )


def variants() -> dict[str, EInvoice]:
    """The terms that exclude one another, each where the rules want it."""
    plain = replace(
        full(), tax_currency=None, totals=replace(full().totals, tax_in_tax_currency=None)
    )
    card = Payment(code="48", remittance="R", card=Card(number="1234", holder="A B"))
    debit = DirectDebit(mandate="M-1", creditor="DE98ZZZ09999999999", account="DE021203000")
    exempt = REASONS["E"]
    return {
        "every term": full(),
        "credit note": replace(plain, type_code="381"),
        "corrective": replace(plain, type_code="384"),
        "by code": replace(plain, tax_point=None, tax_point_code="432"),
        "by card": replace(plain, payments=(card,)),
        "by debit": replace(plain, payments=(Payment(code="59", remittance="R", debit=debit),)),
        "unpaid": replace(plain, payments=()),
        "exempt": replace(
            plain,
            tax_point=None,
            adjustments=(),
            lines=tuple(replace(one, category="E", rate=D(0)) for one in plain.lines),
            totals=Totals(line_net=D(200), net=D(200), tax=D(0), gross=D(200), payable=D(200)),
            taxes=(
                TaxGroup(
                    base=D(200),
                    amount=D(0),
                    category="E",
                    rate=D(0),
                    reason=exempt,
                    reason_code="VATEX-EU-132",
                ),
            ),
        ),
    }
