"""An invented invoice that uses every term of the model, and whose sums agree."""

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

NINETEEN = Decimal(19)
YEAR = Period(start=date(2024, 1, 1), end=date(2024, 12, 31))

SELLER = Party(
    name="Beispiel Bau GmbH",
    trading_name="Beispiel Bau",
    identifiers=(
        Identifier(id="4000001123452", scheme="0088"),
        Identifier(id="supplier-7"),
    ),
    registration=Identifier(id="HRB 1", scheme="0002"),
    vat_id="DE123456789",
    tax_number="12/345/67890",
    legal_information="Amtsgericht Beispielstadt\nGeschäftsführung: Erika Muster",
    endpoint=Identifier(id="in@seller.example", scheme="EM"),
    address=Address(
        line1="Bauweg 1",
        line2="Hof",
        line3="3. Tor",
        city="Beispielstadt",
        postal_code="12345",
        region="Hessen",
        country="DE",
    ),
    contact=Contact(name="Erika Muster", phone="+49 30 1", email="erika@seller.example"),
)
BUYER = Party(
    name="Käufer & Söhne <KG>",
    identifiers=(Identifier(id="4000001987658", scheme="0088"),),
    vat_id="FR12345678901",
    endpoint=Identifier(id="9989", scheme="0204"),
    address=Address(line1="2, rue de l'Exemple", city="Paris", country="FR"),
)
FIRST_LINE = Line(
    id="1",
    note="Night shift",
    object=Identifier(id="METER-9", scheme="AWV"),
    quantity=Decimal("2.4"),
    unit="HUR",
    net=Decimal("32.00"),
    order_line="10",
    buyer_accounting_reference="4711",
    period=YEAR,
    adjustments=(
        Adjustment(
            charge=False,
            amount=Decimal("3.00"),
            base=Decimal("30.00"),
            percent=Decimal(10),
            reason="Regular buyer",
            reason_code="95",
        ),
        Adjustment(charge=True, amount=Decimal("5.00"), reason="Way", reason_code="FC"),
    ),
    price=Price(
        net=Decimal("12.5"),
        discount=Decimal("1.875"),
        gross=Decimal("14.375"),
        base_quantity=Decimal(1),
        base_unit="HUR",
    ),
    category="S",
    rate=NINETEEN,
    item=Item(
        name="Hour of work",
        description="Bricklaying\nwith mortar",
        seller_id="W-1",
        buyer_id="B-1",
        standard_id=Identifier(id="04012345123456", scheme="0160"),
        classifications=(
            Identifier(id="72101500", scheme="TST", scheme_version="19.0501"),
            Identifier(id="0721-880X", scheme="IB"),
        ),
        origin="DE",
        attributes=(Attribute(name="Colour", value="red"), Attribute(name="Size", value="M")),
    ),
)
SECOND_LINE = Line(
    id="2",
    quantity=Decimal("0.5"),
    unit="C62",
    net=Decimal("100.00"),
    price=Price(net=Decimal(200)),
    category="E",
    rate=Decimal(0),
    item=Item(name="Course"),
)
FULLEST = EInvoice(
    number="R-2024-77",
    issue_date=date(2024, 2, 1),
    type_code="380",
    currency="EUR",
    tax_currency="SEK",
    tax_point=date(2024, 1, 31),
    due_date=date(2024, 3, 2),
    buyer_reference="REF-1",
    project="P-1",
    contract="C-1",
    purchase_order="PO-1",
    sales_order="SO-1",
    receiving_advice="RA-1",
    despatch_advice="DA-1",
    tender="T-1",
    object=Identifier(id="O-1", scheme="ABT"),
    buyer_accounting_reference="CC-9",
    payment_terms="30 days net\n#SKONTO#TAGE=7#PROZENT=2.00#",
    notes=(Note(text="First\nof two", subject="AAI"), Note(text="Second")),
    process="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    specification="urn:cen.eu:en16931:2017",
    preceding=(Preceding(number="R-70", issue_date=date(2023, 12, 1)), Preceding(number="R-71")),
    seller=SELLER,
    buyer=BUYER,
    payee=Payee(
        name="Factor AG",
        identifier=Identifier(id="4000001543210", scheme="0088"),
        registration=Identifier(id="HRB 9", scheme="0002"),
    ),
    tax_representative=TaxRepresentative(
        name="Représentant SA",
        vat_id="FR98765432109",
        address=Address(line1="3, rue de la Taxe", city="Lyon", country="FR"),
    ),
    delivery=Delivery(
        name="Site office",
        location=Identifier(id="4000001000005", scheme="0088"),
        date=date(2024, 1, 30),
        address=Address(line1="Quai 4", city="Marseille", postal_code="13001", country="FR"),
    ),
    period=YEAR,
    payments=(
        Payment(
            code="59",
            text="SEPA direct debit",
            remittance="R-2024-77",
            transfers=(
                CreditTransfer(account="DE75512108001245126199", name="Beispiel", bic="SOGEDEFF"),
                CreditTransfer(account="FR1420041010050500013M02606"),
            ),
            card=Card(number="1234", holder="K. Söhne"),
            debit=DirectDebit(mandate="M-1", creditor="DE98ZZZ09999999999", account="DE0001"),
        ),
    ),
    adjustments=(
        Adjustment(
            charge=False,
            amount=Decimal("2.00"),
            base=Decimal("20.00"),
            percent=Decimal("10.0"),
            reason="Spring",
            reason_code="95",
            category="S",
            rate=NINETEEN,
        ),
        Adjustment(
            charge=True, amount=Decimal("4.00"), reason="Crate", category="S", rate=NINETEEN
        ),
    ),
    totals=Totals(
        line_net=Decimal("132.00"),
        discounts=Decimal("2.00"),
        charges=Decimal("4.00"),
        net=Decimal("134.00"),
        tax=Decimal("6.46"),
        tax_in_tax_currency=Decimal("72.87"),
        gross=Decimal("140.46"),
        prepaid=Decimal("10.00"),
        rounding=Decimal("0.04"),
        payable=Decimal("130.50"),
    ),
    taxes=(
        TaxGroup(base=Decimal("34.00"), amount=Decimal("6.46"), category="S", rate=NINETEEN),
        TaxGroup(
            base=Decimal("100.00"),
            amount=Decimal("0.00"),
            category="E",
            rate=Decimal(0),
            reason="Education",
            reason_code="VATEX-EU-132-1I",
        ),
    ),
    attachments=(
        Attachment(
            id="A-1",
            description="Hours",
            content=b"day;hours\n1;3\n",
            media_type="text/csv",
            filename="hours.csv",
        ),
        Attachment(id="A-2", location="https://seller.example/plan.pdf"),
    ),
    lines=(FIRST_LINE, SECOND_LINE),
)
CREDIT_NOTE = replace(FULLEST, type_code="381")
