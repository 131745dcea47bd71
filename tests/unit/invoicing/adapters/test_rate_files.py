"""Files of exchange rates in the shapes that are published, and files that mean harm."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from invx.contexts.invoicing.adapters.rate_files import reading
from invx.contexts.invoicing.adapters.rate_files.opening import between, read_rates
from invx.contexts.invoicing.adapters.rate_files.reading import RateFileUnreadable
from invx.contexts.invoicing.domain.exchange.exchange import RateKind
from tests.e2e.rates import bmf, ecb, ministry

HMRC = """<?xml version="1.0" encoding="UTF-8"?>
<exchangeRateMonthList Period="01/Nov/2026 to 30/Nov/2026">
  <exchangeRate><countryName>Abu Dhabi</countryName><countryCode>AE</countryCode>
    <currencyName>Dirham </currencyName><currencyCode>AED</currencyCode><rateNew>4.8321</rateNew>
  </exchangeRate>
  <exchangeRate><countryName>USA</countryName><countryCode>US</countryCode>
    <currencyName>Dollar </currencyName><currencyCode>USD</currencyCode><rateNew>1.3158</rateNew>
  </exchangeRate>
  <exchangeRate><countryName>Ecuador</countryName><countryCode>EC</countryCode>
    <currencyName>Dollar </currencyName><currencyCode>USD</currencyCode><rateNew>1.3158</rateNew>
  </exchangeRate>
</exchangeRateMonthList>"""
HMRC_CSV = """Country/Territories,Currency,Currency Code,Currency Units per £1,Start Date,End Date
Abu Dhabi,Dirham,AED,4.8321,01/11/2026,30/11/2026
USA,Dollar,USD,1.3158,01/11/2026,30/11/2026
"""
HIST = """Date,USD,JPY,CYP,
2026-11-27,1.0865,163.40,N/A,
2026-11-26,1.0850,163.21,N/A,
"""
DAILY = "Date, USD, JPY, \n27 November 2026, 1.0865, 163.40, \n"
OWN = "base,quote,on,rate\nUSD,EUR,2026-11-27,0.9204\n"
OWN_JSON = """{"rates": [{"base": "EUR", "quote": "CHF", "month": "2026-11", "rate": "0.9312"}]}"""


def said(data, source):
    """Kind, and each rate as text."""
    file = read_rates(data if isinstance(data, bytes) else data.encode(), source)
    return file.kind, [
        f"{e.base} {e.quote} {e.first_day}{f'..{e.last_day}' if e.last_day else ''} {e.rate}"
        for e in file.rates
    ]


def packed(*texts, level=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", level) as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"eurofxref-hist{number}.csv", text)
    return held.getvalue()


TWO_DAYS = [
    "EUR USD 2026-11-27 1.0865",
    "EUR JPY 2026-11-27 163.40",
    "EUR USD 2026-11-26 1.0850",
    "EUR JPY 2026-11-26 163.21",
]
MONTH = "2026-11-01..2026-11-30"


@pytest.mark.parametrize(
    ("data", "source", "kind", "rates"),
    [
        (ecb(d2026_11_27={"USD": "1.0865"}), "ecb", "daily", TWO_DAYS[:1]),
        (HIST, "ecb", "daily", TWO_DAYS),
        (packed(HIST), "ecb", "daily", TWO_DAYS),
        ("\ufeff" + DAILY, "ecb", "daily", TWO_DAYS[:2]),
        (HMRC, "hmrc", "monthly", [f"GBP AED {MONTH} 4.8321", f"GBP USD {MONTH} 1.3158"]),
        (HMRC_CSV, "hmrc", "monthly", [f"GBP AED {MONTH} 4.8321", f"GBP USD {MONTH} 1.3158"]),
        (OWN, "house", "daily", ["USD EUR 2026-11-27 0.9204"]),
        (OWN, "ecb", "daily", ["USD EUR 2026-11-27 0.9204"]),
        (OWN.replace(",", ";"), "house", "daily", ["USD EUR 2026-11-27 0.9204"]),
        (OWN_JSON, "estv", "monthly", [f"EUR CHF {MONTH} 0.9312"]),
    ],
)
def test_what_is_published_is_read(data, source, kind, rates):
    assert said(data, source) == (RateKind(kind), rates)


@pytest.mark.parametrize(
    "months", ["Oktober 2026;November 2026", "Okt. 2026;Nov 2026", "10/2026;11/2026"]
)
def test_the_ministrys_table_has_a_decimal_comma_and_months_to_come(months):
    table = bmf("USA;USD;1,0812;-", "Island;ISK;17.843,21;18.002,5", months=months)
    kind, rates = said(table.encode("cp1252"), "bmf")
    assert kind is RateKind.MONTHLY
    assert rates == [
        "EUR USD 2026-10-01..2026-10-31 1.0812",
        "EUR ISK 2026-10-01..2026-10-31 17843.21",
        f"EUR ISK {MONTH} 18002.5",
    ]


def test_the_months_of_a_whole_year_are_known():
    names = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    months = ";".join(f"{name} 2026" for name in names.split())
    _, rates = said(bmf("USA;USD" + ";1,1" * 12, months=months), "bmf")
    assert [each.split()[2][5:7] for each in rates] == [f"{month:02}" for month in range(1, 13)]


def test_the_table_as_the_ministry_publishes_it():
    table = ministry(
        "Südkorea;1 Euro;1.749,43 KRW;1.702,5KRW",
        "Russland;1 Euro;",
        'Vereinigte Staaten;1 Euro;"1,0812\nUSD";1,0874 USD ;1,09 usd',
    )
    kind, rates = said(table, "bmf")
    assert kind is RateKind.MONTHLY
    assert rates == [
        "EUR KRW 2026-01-01..2026-01-31 1749.43",
        "EUR KRW 2026-02-01..2026-02-28 1702.5",
        "EUR USD 2026-01-01..2026-01-31 1.0812",
        "EUR USD 2026-02-01..2026-02-28 1.0874",
        "EUR USD 2026-03-01..2026-03-31 1.09",
    ]
    leap = said(ministry("USA;1 Euro;;1,1 USD", year=2024), "bmf")[1]
    assert leap == ["EUR USD 2024-02-01..2024-02-29 1.1"]
    whole = said(ministry("USA;1 Euro" + ";1,1 USD" * 12), "bmf")[1]
    assert [each.split()[2][5:7] for each in whole] == [f"{month:02}" for month in range(1, 13)]


def test_currencies_out_of_use_are_left_out_and_named():
    file = read_rates(HIST.replace("N/A", "0.58").encode(), "ecb")
    assert file.ignored == ("CYP",)
    assert {each.quote for each in file.rates} == {"USD", "JPY"}


def test_a_file_is_narrowed_to_days():
    file = read_rates(HIST.encode(), "ecb")
    kept = between(file, date(2026, 11, 27), None)
    assert [each.rate for each in kept.rates] == [Decimal("1.0865"), Decimal("163.40")]
    assert between(file, None, date(2026, 11, 25)).rates == ()


BOMB = """<?xml version="1.0"?><!DOCTYPE e [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<exchangeRateMonthList Period="01/Nov/2026 to 30/Nov/2026"><exchangeRate>
<currencyCode>USD</currencyCode><rateNew>&b;</rateNew></exchangeRate></exchangeRateMonthList>"""
OUTSIDE = BOMB.replace('<!ENTITY a "1">', '<!ENTITY a SYSTEM "rates.dtd">')


@pytest.mark.parametrize(
    ("data", "source", "why"),
    [
        (BOMB, "hmrc", "document type"),
        (OUTSIDE, "hmrc", "document type"),
        ("<a>" * 100, "ecb", "outermost element"),
        ("<Envelope xmlns='http://www.gesmes.org/xml/2002-08-01'>", "ecb", "well-formed"),
        (HMRC, "ecb", "outermost element"),
        (HMRC, "bmf", "XML of bmf"),
        (HMRC.replace("30/Nov", "29/Nov"), "hmrc", "is not a month"),
        (HMRC.replace(" to ", " - "), "hmrc", "Period"),
        (HMRC.replace("4.8321", "1e3"), "hmrc", "is not a rate"),
        (HMRC_CSV.replace("01/11/2026", "2026-11-01"), "hmrc", "date of HMRC"),
        (HMRC_CSV.replace("AED", ""), "hmrc", "line 2: it has no 'currency code'"),
        (ecb(d2026_13_27={"USD": "1.1"}), "ecb", "is not a date"),
        (ecb(d2026_11_27={"USD": "-1.1"}), "ecb", "is not a rate"),
        (ecb(d2026_11_27={"USD": "NaN"}), "ecb", "is not a rate"),
        (ecb(), "ecb", "no rates"),
        ("", "ecb", "empty"),
        ("Date,nothing\n2026-11-27,1\n", "ecb", "Date, USD"),
        (HIST.replace("1.0850", "1,0850"), "ecb", "is not"),
        (bmf("USA;USD;1.0812e1;-"), "bmf", "is not a rate"),
        ("Land;Kurs\nUSA;1\n", "bmf", "currency column"),
        ("Kurse;;\nVon;heute;\n", "bmf", "currency column"),
        ("Kurse;;\nLand;Währung;Januar\nUSA;1 Euro;1,1 USD\n", "bmf", "says one year"),
        ("2025;2026;\nLand;Währung;Mai\nUSA;1 Euro;1,1 USD\n", "bmf", "says one year"),
        (ministry("USA;100 Euro;1,1 USD"), "bmf", "line 4: it is not for 1 Euro"),
        (ministry("USA;1 Euro;1,1"), "bmf", "line 4: '1,1' is not a rate such as"),
        (ministry("USA;1 Euro;1,1,1 USD"), "bmf", "line 4: '1,1,1' is not a rate"),
        (ministry("Russland;1 Euro;"), "bmf", "no rates"),
        (OWN.replace("0.9204", "0,92"), "house", "is not"),
        (OWN.replace("on,", "month,"), "house", "is not a month"),
        (OWN.replace("rate", "rate,note"), "house", "is none of its columns"),
        ("date,USD\n2026-11-27,1\n", "house", "base, quote, rate"),
        ("{]", "house", "not JSON"),
        ('{"rates": []}', "house", "does not name"),
        ('{"rates": [], "more": 1}', "house", "not JSON"),
        (b"PK\x03\x04broken", "ecb", "cannot be opened"),
        (packed(HIST, HIST), "ecb", "2 files"),
        # How long a cell may be, csv knows for the whole process; the imports raise it.
        (b'base,quote,on,rate\n"' + b"x" * 200_000, "house", "not a table|has no 'on'"),
    ],
)
def test_what_cannot_be_read_says_why(data, source, why):
    with pytest.raises(RateFileUnreadable, match=why):
        said(data, source)


def test_an_archive_does_not_grow_without_bound(monkeypatch):
    monkeypatch.setattr(reading, "TEXT_BYTES_MAX", 1_000)
    with pytest.raises(RateFileUnreadable, match="larger than 1000 bytes"):
        said(packed("0" * 1_000_000), "ecb")
