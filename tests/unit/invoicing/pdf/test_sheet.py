"""The view of a resource: what stands where, in which words, before it is drawn."""

from copy import deepcopy

import pytest

from invx.contexts.invoicing.adapters.sheet.view import view
from tests.unit.invoicing.pdf import samples
from tests.unit.invoicing.pdf.samples import hosted


def labels(rows):
    return [row["label"] for row in rows]


def facts(resource):
    columns = view(resource, mark=None)["facts"]
    return {
        fact["label"]: [fact["strong"], *fact["lines"]] if fact["strong"] else fact["lines"]
        for column in columns
        for fact in column
    }


@pytest.mark.parametrize(
    "changes, english, german",
    [
        ({}, "Invoice", "Rechnung"),
        ({"type": "credit_note"}, "Credit note", "Rechnungskorrektur"),
        ({"type": "proforma"}, "Proforma invoice", "Proformarechnung"),
        ({"type_code": "389"}, "Self-billed invoice", "Gutschrift"),
        ({"type_code": "380"}, "Invoice", "Rechnung"),
        ({"type": "credit_note", "cancels": "inv_9"}, "Cancellation", "Stornorechnung"),
        ({"title": "Honorarnote"}, "Honorarnote", "Honorarnote"),
        ({"type": "something_new"}, "Invoice", "Rechnung"),
    ],
)
def test_the_title_follows_type_and_language(changes, english, german):
    assert view(hosted() | changes, mark=None)["title"] == english
    assert view(hosted() | changes | {"language": "de"}, mark=None)["title"] == german


def test_the_subtitle_names_issue_date_and_period():
    assert view(hosted(), mark=None)["subtitle"] == (
        "22 November 2026 · for services in November 2026"
    )
    german = hosted() | {"language": "de", "service_period": None, "supply_date": "2026-11-20"}
    assert (
        view(german, mark=None)["subtitle"] == "22. November 2026 · Lieferdatum 20. November 2026"
    )


def test_a_tax_point_is_said_only_where_it_is_a_day_of_its_own():
    other = hosted() | {"tax_point": "2026-11-30"}
    assert view(other, mark=None)["subtitle"].endswith("· tax point 30 November 2026")
    same = hosted() | {"tax_point": "2026-11-22"}
    assert "tax point" not in view(same, mark=None)["subtitle"]


def test_references_stand_as_on_the_hosted_page():
    assert facts(hosted()) == {
        "For": ["Elbkontor Reederei GmbH", "Frau A. Petersen", "Kaiserkai 62", "20457 Hamburg"],
        "Your reference": ["PO 4500-8812"],
        "Leitweg-ID": ["02000000-B1101-41"],
        "Pay by": ["6 December 2026"],
        "VAT number": ["DE 342 118 907"],
    }


@pytest.mark.parametrize("reference", ["2026-11-22", "PO-77", "Frau Meier", "1234-5", "12-34-5"])
def test_a_reference_of_another_shape_is_no_leitweg_id(reference):
    shown = facts(hosted() | {"buyer_reference": reference})
    assert shown["Your reference"] == [reference]
    assert shown["Purchase order"] == ["PO 4500-8812"]
    assert "Leitweg-ID" not in shown


def test_every_kind_of_reference_is_shown():
    shown = facts(
        hosted()
        | {
            "sales_order": "SO-1",
            "contract": "C-2",
            "project": "P-3",
            "buyer_accounting_reference": "4711",
        }
    )
    assert shown["Sales order"] == ["SO-1"]
    assert shown["Contract"] == ["C-2"]
    assert shown["Project"] == ["P-3"]
    assert shown["Your cost centre"] == ["4711"]


def test_a_credit_note_names_its_original_and_asks_for_no_money():
    sheet = view(samples.credit_note(), mark=None)
    shown = facts(samples.credit_note())
    assert shown["Korrigiert Rechnung"] == ["2026-1413", "vom 22. November 2026"]
    assert "Zahlbar bis" not in shown
    assert sheet["payment"]["account"] == []
    assert sheet["payment"]["terms"] == []
    assert sheet["payment"]["code"] is None


def test_other_parties_stand_in_their_roles_and_foreign_countries_are_named():
    others = view(samples.german(), mark=None)["others"]
    assert labels(others) == ["Rechnungsempfänger", "Geliefert an"]
    assert others[1]["lines"] == ["Ringstraße 9", "8010 Graz", "Österreich"]
    every = hosted() | {
        role: {"name": role} for role in ("recipient", "ship_to", "payee", "tax_representative")
    }
    assert labels(view(every, mark=None)["others"]) == [
        "Sent to",
        "Delivered to",
        "Payable to",
        "Tax representative of the seller",
    ]


@pytest.mark.parametrize(
    "place, lines",
    [
        (
            {"line1": "1 Main St", "city": "Albany", "region": "NY", "postal_code": "12207"}
            | {"country": "US"},
            ["1 Main St", "Albany, NY 12207", "United States"],
        ),
        (
            {"line1": "1 High St", "city": "York", "postal_code": "YO1 7HZ", "country": "GB"},
            ["1 High St", "York", "YO1 7HZ", "United Kingdom"],
        ),
        ({"city": "Wien", "country": "AT"}, ["Wien", "Austria"]),
        ({}, []),
    ],
)
def test_an_address_is_in_the_order_of_its_country(place, lines):
    buyer = {"name": "Ann", "address": place}
    assert facts(hosted() | {"buyer": buyer})["For"] == ["Ann", *lines]


def test_a_registration_lends_its_number_to_a_seller_without_one():
    seller = samples.SELLER | {"vat_id": None, "registrations": [{"vat_id": "ATU12345678"}]}
    assert facts(hosted() | {"seller": seller})["VAT number"] == ["ATU12345678"]
    small = samples.SELLER | {"vat_id": None}
    assert facts(hosted() | {"seller": small})["Tax number"] == ["27/123/45678"]


def test_the_imprint_says_who_wrote_the_letter():
    assert view(hosted(), mark=None)["imprint"] == [
        ["Kontor Nord GmbH", "Am Sandtorkai 27", "20457 Hamburg"],
        ["Ines Brandt", "rechnung@kontor-nord.example", "+49 40 123"],
        [
            "Amtsgericht Hamburg, HRB 154321",
            "Managing directors: Ines\u00a0Brandt, Jon\u00a0Petersen",
            "VAT number DE 342 118 907",
            "Tax number 27/123/45678",
        ],
    ]
    alone = samples.SELLER | {"directors": ["Ines Brandt"]}
    imprint = view(hosted() | {"seller": alone}, mark=None)["imprint"]
    assert "Managing director: Ines\u00a0Brandt" in imprint[2]


def test_notes_and_footer_keep_their_lines():
    sheet = view(samples.german(), mark=None)
    assert sheet["notes"] == [
        "Vielen Dank für Ihren Auftrag.",
        "Es gelten unsere Geschäftsbedingungen.",
    ]
    assert sheet["footer"] == ["Gerichtsstand ist Hamburg."]


def test_long_words_get_places_to_break_and_keep_their_letters():
    text = view(samples.long_table(), mark=None)["rows"][5]["text"][0]
    assert "\u200b" in text
    assert text.replace("\u200b", "") == samples.long_table()["lines"][5]["description"]


def test_control_characters_never_reach_the_page():
    odd = hosted() | {"notes": "a\x00b\r\nc\x1bd\ttab\ud800e"}
    assert view(odd, mark=None)["notes"] == ["a b", "c d tab e"]


def test_the_date_of_the_document_is_never_the_clock():
    assert view(hosted(), mark=None)["date"] == [2026, 11, 22]
    assert view(samples.draft(), mark=None)["date"] == [2026, 11, 22]
    assert view({}, mark=None)["date"] == [2000, 1, 1]


def without(value, path):
    """`value` less what lies at `path`."""
    copy = deepcopy(value)
    target = copy
    for step in path[:-1]:
        target = target[step]
    del target[path[-1]]
    return copy


def paths(value, before=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*before, key)
            yield from paths(inner, (*before, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*before, index))


@pytest.mark.parametrize("sample", [samples.german, samples.exempt, samples.credit_note])
def test_whatever_a_resource_lacks_the_rest_is_still_said(sample):
    whole = sample()
    tried = 0
    for path in list(paths(whole)):
        sheet = view(without(whole, path), mark=None)
        assert sheet["document"]
        tried += 1
    assert tried > 80


def test_further_notes_stand_one_by_one_without_their_codes():
    notes = [{"text": "Export licence 7", "subject": "ABC"}, {"text": "Two\nlines"}]
    sheet = view(samples.hosted() | {"further_notes": notes}, mark=None)
    assert sheet["further_notes"] == [["Export licence 7"], ["Two", "lines"]]
    assert view(samples.hosted(), mark=None)["further_notes"] == []


def test_attachments_are_named_with_their_file_or_their_place():
    stated = [
        {"id": "A-1", "description": "Timesheet", "filename": "t.csv", "content": "aGVsbG8="},
        {"id": "A-2", "location": "https://example.org/a"},
        {"id": "plan.pdf", "filename": "plan.pdf"},
    ]
    several = view(samples.german() | {"attachments": stated}, mark=None)["attachments"]
    assert (several["label"], several["lines"]) == (
        "Anlagen",
        ["Timesheet (t.csv)", "A-2 (https://example.org/a)", "plan.pdf"],
    )
    one = view(samples.hosted() | {"attachments": stated[:1]}, mark=None)["attachments"]
    assert one["label"] == "Attachment"
    assert view(samples.hosted(), mark=None)["attachments"] is None


def test_the_company_number_stands_in_the_imprint_once():
    """SIREN, KvK, CVR and their like, which letters must show (directive 2017/1132, art. 26)."""
    resource = hosted()
    told = resource["seller"] | {"register": None, "registration": {"id": "303265045"}}
    assert "Company number 303265045" in view(resource | {"seller": told}, mark=None)["imprint"][2]
    told = resource["seller"] | {"registration": {"id": "HRB 154321"}}
    imprint = view(resource | {"seller": told}, mark=None)["imprint"][2]
    assert [line for line in imprint if "HRB" in line] == ["Amtsgericht Hamburg, HRB 154321"]


def test_legal_information_stands_in_the_imprint():
    resource = samples.hosted()
    told = resource["seller"] | {"legal_information": "Share capital 25,000 EUR\nHRA 7"}
    imprint = view(resource | {"seller": told}, mark=None)["imprint"]
    assert imprint[-1][-2:] == ["Share capital 25,000 EUR", "HRA 7"]
