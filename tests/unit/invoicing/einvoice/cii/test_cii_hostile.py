"""Broken, dangerous and foreign files: each is refused in words, and none does harm."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.cii_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.cii_write import write
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable, EInvoiceUnwritable
from tests.unit.invoicing.einvoice.cii.invoices import full

SOUND = write(full())
ITEM = "ram:IncludedSupplyChainTradeLineItem"
NET = "<ram:NetPriceProductTradePrice>"
DELIVERY = "ram:ApplicableHeaderTradeDelivery"
TRADE = "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction"
JUNK = ["", " ", "NaN", "-0", "1e400", "1,5", "99999999", "20260230", "x" * 200, "½", "0.005"]


def changed(pattern: str, by: str) -> bytes:
    """The sound file with the first match of a pattern put otherwise."""
    made, count = re.subn(pattern, by, SOUND.decode(), count=1, flags=re.DOTALL)
    assert count == 1
    return made.encode()


def without(tag: str) -> bytes:
    return changed(f"<ram:{tag}[ >/].*?</ram:{tag}>", "")


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"", "not well-formed"),
        (b"\x00\x01\xff%PDF", "not well-formed"),
        (SOUND[:-30], "not well-formed"),
        (SOUND.replace(b"UTF-8", b"EBCDIC-X"), "not well-formed"),
        (b"<a/>", "outermost element"),
        (b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>", "outermost"),
        (SOUND.replace(b"CrossIndustryInvoice:100", b"CrossIndustryInvoice:1"), "outermost"),
        (SOUND.replace(b"<rsm", b"<!DOCTYPE a SYSTEM 'http://x/'><rsm", 1), "document type"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + SOUND.split(b"?>", 1)[1], "document type"),
    ],
)
def test_what_is_no_cross_industry_invoice_is_refused(xml: bytes, reason: str) -> None:
    for reader in (read, unread):
        with pytest.raises(EInvoiceUnreadable, match=reason):
            reader(xml)


def test_no_entity_is_expanded_and_no_file_is_opened() -> None:
    bomb = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    for entities in (f"<!ENTITY e0 'ha'>{bomb}", "<!ENTITY e11 SYSTEM '/etc/passwd'>"):
        text = SOUND.decode().split("?>", 1)[1].replace("RE-2026/1", "&e11;")

        with pytest.raises(EInvoiceUnreadable, match="document type"):
            read(f"<!DOCTYPE a [{entities}]>{text}".encode())


@pytest.mark.parametrize(
    ("tag", "term"),
    [
        ("GuidelineSpecifiedDocumentContextParameter", "BT-24"),
        ("IssueDateTime", "BT-2"),
        ("TypeCode", "BT-3"),
        ("InvoiceCurrencyCode", "BT-5"),
        ("SellerTradeParty", "ram:SellerTradeParty"),
        ("BuyerTradeParty", "ram:BuyerTradeParty"),
        ("LineID", "BT-126"),
        ("BilledQuantity", "BT-129"),
        ("NetPriceProductTradePrice", "BT-146"),
        ("TaxBasisTotalAmount", "BT-109"),
        ("GrandTotalAmount", "BT-112"),
        ("DuePayableAmount", "BT-115"),
        ("ApplicableHeaderTradeSettlement", "ram:ApplicableHeaderTradeSettlement"),
    ],
)
def test_what_an_invoice_cannot_be_without_is_named(tag: str, term: str) -> None:
    with pytest.raises(EInvoiceUnreadable, match=re.escape(term)):
        read(without(tag))


@pytest.mark.parametrize(
    ("pattern", "by", "reason"),
    [
        (">230.86<", ">1e3<", "'1e3' is not a number"),
        (">230.86<", ">NaN<", "'NaN' is not a number"),
        (">230.86<", ">230,86<", "is not a number"),
        (">20260201<", ">20260230<", "'20260230' is not a date"),
        (">20260201<", ">2026-02-01<", "is not a date"),
        ('format="102">20260201', 'format="4">01022026', "format 102"),
        ("<ram:DuePayableAmount>", '<ram:DuePayableAmount currencyID="USD">', "an amount in USD"),
        (' unitCode="HUR">4<', ">4<", "no unit"),
        ('filename="p.pdf">', 'filename="p.pdf">*', "is not base 64"),
    ],
)
def test_a_value_that_is_none_is_named_with_its_place(pattern: str, by: str, reason: str) -> None:
    with pytest.raises(EInvoiceUnreadable, match=reason) as refused:
        read(changed(pattern, by))

    assert refused.value.line
    assert refused.value.path.startswith("/rsm:CrossIndustryInvoice/")


def lines_under(parents: list[tuple[str, str | None]], status: str = "GROUP") -> bytes:
    """The sound file with these lines instead: each with its id and the one of its parent."""
    body = SOUND.decode()
    one = re.search(f"<{ITEM}>.*?</{ITEM}>", body, re.DOTALL)[0]
    made = "".join(
        one.replace(
            "<ram:LineID>1</ram:LineID>",
            f"<ram:LineID>{id}</ram:LineID>"
            + (f"<ram:ParentLineID>{parent}</ram:ParentLineID>" if parent else "")
            + f"<ram:LineStatusReasonCode>{status}</ram:LineStatusReasonCode>",
        )
        for id, parent in parents
    )
    start, end = body.index(f"<{ITEM}>"), body.index("<ram:ApplicableHeaderTradeAgreement>")
    return (body[:start] + made + body[end:]).encode()


def test_lines_that_are_their_own_ancestors_are_refused() -> None:
    with pytest.raises(EInvoiceUnreadable, match="name each other as parents"):
        read(lines_under([("1", "2"), ("2", "1")]))


def test_lines_do_not_nest_without_bound() -> None:
    with pytest.raises(EInvoiceUnreadable, match="nest deeper"):
        read(lines_under([("0", None), *((str(n), str(n - 1)) for n in range(1, 1000))]))


def test_a_sub_line_that_counts_beside_its_parent_stays_a_line() -> None:
    """Without a status both count, so the parent is no sum: what is lost is the link alone."""
    xml = lines_under([("1", None), ("2", "1")], status="DETAIL")

    assert [(one.id, one.children) for one in read(xml).lines] == [("1", ()), ("2", ())]
    assert [path.rpartition(":")[2] for path in unread(xml)] == ["ParentLineID"]


def test_a_group_without_sub_lines_counts_nowhere() -> None:
    assert read(lines_under([("1", None)])).lines[0].informative


def test_a_line_that_counts_nowhere_may_lack_its_figures() -> None:
    """As Factur-X EXTENDED allows for remarks."""
    figures = rb"<ram:SpecifiedLineTrade(Agreement|Delivery)>.*?</ram:SpecifiedLineTrade\1>"
    xml = re.sub(figures, b"", lines_under([("1", None)], "INFORMATION"), flags=re.DOTALL)
    found = read(xml).lines[0]

    assert (found.quantity, found.price.net, found.informative) == (Decimal(0), Decimal(0), True)


def test_what_the_model_does_not_know_is_named() -> None:
    extra = "<ram:ShipFromTradeParty><ram:Name>Werk</ram:Name></ram:ShipFromTradeParty>"
    xml = changed(f"(?=</{DELIVERY}>)", extra)

    assert read(xml) == full()
    assert unread(xml) == [f"{TRADE}/{DELIVERY}/ram:ShipFromTradeParty/ram:Name"]


@pytest.mark.parametrize(
    ("pattern", "by", "left"),
    [
        ("(?<=<ram:Name>)Project reference", "Umbau", "ram:Name"),
        ("(?=<ram:TelephoneU)", "<ram:DepartmentName>B</ram:DepartmentName>", "DepartmentName"),
        ("<ram:TypeCode>916", "<ram:TypeCode>917", "ram:Name"),
        (f"{NET}(.*?)>2<", rf"{NET}\1>4<", "ram:BasisQuantity"),
    ],
)
def test_what_is_there_twice_or_otherwise_is_named(pattern: str, by: str, left: str) -> None:
    assert any(path.endswith(left) for path in unread(changed(pattern, by)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Elements lost, doubled, moved and filled with junk."""
    root = etree.fromstring(SOUND)
    for _ in range(draw(st.integers(1, 4))):
        inner = [one for one in root.iter() if one is not root]
        if not inner:
            break
        one = inner[draw(st.integers(0, len(inner) - 1))]
        other = inner[draw(st.integers(0, len(inner) - 1))]
        match draw(st.sampled_from(["lose", "double", "move", "fill", "attribute"])):
            case "lose":
                one.getparent().remove(one)
            case "double":
                one.addnext(etree.fromstring(etree.tostring(one, with_tail=False)))
            case "move" if one not in set(other.iterancestors()) | {other}:
                other.append(one)
            case "attribute":
                one.set(
                    draw(st.sampled_from(["currencyID", "unitCode", "schemeID", "format"])), "QQQ"
                )
            case _:
                one.text = draw(st.sampled_from(JUNK))
    return etree.tostring(root)


@settings(max_examples=200, deadline=None)
@given(mutated())
def test_a_mutated_file_is_refused_in_words_or_read_as_it_is_written_again(xml: bytes) -> None:
    try:
        invoice = read(xml)
        again = write(invoice)
    except (EInvoiceUnreadable, EInvoiceUnwritable) as refused:
        assert refused.detail  # noqa: PT017 - one of two good ends
        return
    assert read(again) == invoice


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=8), st.integers(0, 40))
def test_broken_bytes_are_refused_or_read(at: int, noise: bytes, lost: int) -> None:
    try:
        invoice = read(SOUND[:at] + noise + SOUND[at + lost :])
    except EInvoiceUnreadable as refused:
        assert refused.detail  # noqa: PT017 - one of two good ends
    else:
        assert invoice.lines
