"""Any e-invoice that is sound by the rules of EN 16931, for Hypothesis."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Adjustment,
    Attachment,
    Attribute,
    Contact,
    CreditTransfer,
    Delivery,
    EInvoice,
    Identifier,
    Item,
    Line,
    Note,
    Party,
    Payment,
    Period,
    Price,
    TaxGroup,
    Totals,
)
from tests.unit.invoicing.einvoice.cii.invoices import REASONS

D = Decimal
CENT = D("0.01")


def flowing(text: str) -> str:
    return " ".join(text.split())


def in_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
words = st.text(_LETTERS, min_size=1, max_size=12).map(flowing).filter(bool)
prose = (
    st.text(_LETTERS | st.sampled_from("\n #"), min_size=1, max_size=30).map(in_lines).filter(bool)
)
amounts = st.integers(1, 10**8).map(lambda cents: D(cents).scaleb(-2))
numbers = st.decimals(D("0.0001"), D(9999), places=4)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
countries = st.sampled_from(["DE", "FR", "AT", "NO"])
units = st.sampled_from(["HUR", "C62", "KGM", "XPP"])
schemes = st.sampled_from(["0088", "0060", "0192"])
vats = st.sampled_from([("S", D(19)), ("S", D(7)), ("S", D("5.5")), ("E", D(0)), ("Z", D(0))])


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


def ids(scheme: st.SearchStrategy = schemes) -> st.SearchStrategy[Identifier]:
    return st.builds(Identifier, id=words, scheme=scheme)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    return Period(start=start, end=start + timedelta(days=draw(st.integers(0, 90))))


addresses = st.builds(
    Address,
    line1=maybe(words),
    line2=maybe(words),
    line3=maybe(words),
    city=maybe(words),
    postal_code=maybe(words),
    region=maybe(words),
    country=countries,
)
items = st.builds(
    Item,
    name=words,
    description=maybe(prose),
    seller_id=maybe(words),
    buyer_id=maybe(words),
    standard_id=maybe(ids()),
    classifications=st.lists(ids(st.sampled_from(["STI", "IB"])), max_size=2).map(tuple),
    origin=maybe(countries),
    attributes=st.lists(st.builds(Attribute, name=words, value=words), max_size=2).map(tuple),
)


@st.composite
def parties(draw: st.DrawFn, vat_id: str) -> Party:
    return Party(
        name=draw(words),
        trading_name=draw(maybe(words)),
        identifiers=draw(st.lists(ids(), max_size=1).map(tuple)),
        registration=draw(maybe(ids(maybe(schemes)))),
        vat_id=vat_id,
        endpoint=draw(maybe(ids())),
        address=draw(addresses),
        contact=draw(maybe(st.builds(Contact, name=words, phone=words, email=words))),
    )


@st.composite
def prices(draw: st.DrawFn) -> Price:
    net, discount = draw(numbers), draw(maybe(numbers))
    return Price(
        net=net,
        discount=discount,
        gross=None if discount is None else net + discount,
        base_quantity=draw(maybe(st.integers(1, 100).map(D))),
    )


@st.composite
def lines(draw: st.DrawFn, id: str) -> Line:
    price, quantity = draw(prices()), draw(numbers)
    category, rate = draw(vats)
    worth = quantity * price.net / (price.base_quantity or 1)
    adjustments = draw(
        st.lists(
            st.builds(Adjustment, charge=st.booleans(), amount=amounts, reason=words), max_size=2
        )
    )
    net = sum(
        (one.amount if one.charge else -one.amount for one in adjustments),
        worth.quantize(CENT, ROUND_HALF_UP),
    )
    return Line(
        id=id,
        note=draw(maybe(prose)),
        object=draw(maybe(ids(st.sampled_from(["ABZ", "AUB"])))),
        quantity=quantity,
        unit=draw(units),
        net=net,
        order_line=draw(maybe(words)),
        buyer_accounting_reference=draw(maybe(words)),
        period=draw(maybe(periods())),
        adjustments=tuple(adjustments),
        price=price,
        category=category,
        rate=rate,
        item=draw(items),
    )


def breakdown(sold: list[Line], adjustments: list[Adjustment]) -> tuple[TaxGroup, ...]:
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for one in sold:
        key = (one.category, one.rate)
        bases[key] = bases.get(key, D(0)) + one.net
    for one in adjustments:
        key = (one.category, one.rate)
        bases[key] = bases.get(key, D(0)) + (one.amount if one.charge else -one.amount)
    return tuple(
        TaxGroup(
            base=base,
            amount=(base * rate / 100).quantize(CENT, ROUND_HALF_UP),
            category=category,
            rate=rate,
            reason=REASONS[category],
        )
        for (category, rate), base in bases.items()
    )


accounts = st.builds(CreditTransfer, account=words, name=maybe(words), bic=maybe(words))
transfers = st.lists(accounts, min_size=1, max_size=2).map(tuple)
payments = st.lists(
    st.builds(Payment, code=st.just("30"), remittance=maybe(words), transfers=transfers),
    max_size=1,
).map(tuple)
attachments = st.lists(
    st.builds(
        Attachment,
        id=words,
        content=st.binary(min_size=1, max_size=20),
        media_type=st.just("text/csv"),
        filename=st.just("a.csv"),
    ),
    max_size=1,
).map(tuple)


@st.composite
def document_adjustments(draw: st.DrawFn, sold: list[Line]) -> list[Adjustment]:
    return [
        Adjustment(
            charge=draw(st.booleans()),
            amount=draw(amounts),
            reason=draw(words),
            category=one.category,
            rate=one.rate,
        )
        for one in sold
        if draw(st.booleans())
    ]


def sums(
    sold: list[Line],
    adjustments: list[Adjustment],
    taxes: tuple[TaxGroup, ...],
    prepaid: Decimal | None,
) -> Totals:
    line_net = sum((one.net for one in sold), D(0))
    charges = [one.amount for one in adjustments if one.charge]
    discounts = [one.amount for one in adjustments if not one.charge]
    net = line_net - sum(discounts, D(0)) + sum(charges, D(0))
    tax = sum((one.amount for one in taxes), D(0))
    return Totals(
        line_net=line_net,
        discounts=sum(discounts, D(0)) if discounts else None,
        charges=sum(charges, D(0)) if charges else None,
        net=net,
        tax=tax,
        gross=net + tax,
        prepaid=prepaid,
        payable=net + tax - (prepaid or 0),
    )


@st.composite
def invoices(draw: st.DrawFn) -> EInvoice:
    """Sound by the rules of EN 16931: every total follows from the lines."""
    sold = [draw(lines(str(place))) for place in range(1, draw(st.integers(2, 4)))]
    adjustments = draw(document_adjustments(sold))
    taxes = breakdown(sold, adjustments)
    totals = sums(sold, adjustments, taxes, draw(maybe(amounts)))
    return EInvoice(
        number=draw(words),
        issue_date=draw(days),
        type_code=draw(st.sampled_from(["380", "381", "384", "389"])),
        currency=draw(st.sampled_from(["EUR", "NOK", "HUF"])),
        due_date=draw(days),
        buyer_reference=draw(maybe(words)),
        project=draw(maybe(words)),
        contract=draw(maybe(words)),
        purchase_order=draw(maybe(words)),
        tender=draw(maybe(words)),
        object=draw(maybe(ids(st.sampled_from(["ABZ", "AUB"])))),
        payment_terms=draw(maybe(prose)),
        notes=tuple(draw(st.lists(st.builds(Note, text=words), max_size=2))),
        specification="urn:cen.eu:en16931:2017",
        seller=draw(parties("DE123456789")),
        buyer=draw(parties("FR12345678901")),
        delivery=draw(maybe(st.builds(Delivery, name=maybe(words), date=days))),
        period=draw(maybe(periods())),
        payments=draw(payments),
        adjustments=tuple(adjustments),
        totals=totals,
        taxes=taxes,
        attachments=draw(attachments),
        lines=tuple(sold),
    )
