"""Legal entities: what they must satisfy, their days, their registrations and their titles."""

import base64
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from invx.contexts.invoicing.domain.content import (
    DocumentType,
    PaymentTerms,
    TermsKind,
    TermsStep,
)
from invx.contexts.invoicing.domain.legal_entity import (
    IssueDateInFuture,
    IssueDateTooOld,
    LegalEntity,
    LegalEntityErased,
    LegalEntityInvalid,
)
from invx.contexts.invoicing.domain.legal_entity_details import LOGO_BYTES_MAX, LegalEntityDetails
from invx.contexts.invoicing.domain.legal_entity_events import (
    LegalEntityAmended,
    LegalEntityRegistered,
)
from invx.contexts.invoicing.domain.party import (
    Address,
    BankAccount,
    Identifier,
    Party,
    Registration,
    Seller,
)
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event
from invx.rules.tax.model import Special
from invx.rules.totals.model import Profile, Rounding

ID = UUID(int=2)
IBAN = "DE89370400440532013000"
GERMAN = Registration(country="DE", vat_id="DE123456789", tax_number="12/345/67890")
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def party(**changes):
    return replace(
        Party(name="Muster GmbH", address=Address(city="Berlin", country="DE")), **changes
    )


def seller(**changes):
    return replace(
        Seller(
            party=party(),
            registrations=(GERMAN,),
            directors=("Ada Muster",),
            bank_accounts=(BankAccount(currency="EUR", iban=IBAN),),
        ),
        **changes,
    )


def details(**changes):
    return replace(
        LegalEntityDetails(
            seller=seller(), time_zone="Europe/Berlin", languages=("de", "en"), currency="EUR"
        ),
        **changes,
    )


def registered(**changes):
    return LegalEntity.register(ID, details(**changes))


def problems(**changes):
    with pytest.raises(LegalEntityInvalid) as refused:
        registered(**changes)
    return [(each.pointer, each.code) for each in refused.value.problems]


def data_uri(data, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class TestRegistering:
    def test_a_legal_entity_is_registered_with_all_its_details(self):
        entity = registered()
        assert entity.recorded == [LegalEntityRegistered(legal_entity_id=ID, details=details())]
        assert entity.seller == seller()

    def test_ibans_are_kept_in_compact_form(self):
        account = BankAccount(currency="EUR", iban="de89 3704 0044 0532 0130 00")
        entity = registered(seller=seller(bank_accounts=(account,)))
        assert entity.seller.bank_accounts[0].iban == IBAN

    def test_amending_replaces_the_details(self):
        entity = registered()
        entity.amend(details(time_zone="Europe/Vienna"))
        assert isinstance(entity.recorded[-1], LegalEntityAmended)
        assert entity.details.time_zone == "Europe/Vienna"

    def test_amending_to_the_same_details_changes_nothing(self):
        entity = registered()
        account = BankAccount(currency="EUR", iban="de89 3704 0044 0532 0130 00")
        entity.amend(details(seller=seller(bank_accounts=(account,))))
        assert len(entity.recorded) == 1

    def test_an_amendment_that_breaks_a_rule_is_refused(self):
        entity = registered()
        with pytest.raises(LegalEntityInvalid):
            entity.amend(details(currency="EUX"))
        assert len(entity.recorded) == 1

    def test_all_of_the_seller_counts_as_personal_data_of_the_entity(self):
        assert LegalEntityRegistered.subjects == {"*": "legal_entity_id"}
        assert LegalEntityAmended.subjects == {"*": "legal_entity_id"}

    def test_an_entity_read_back_from_its_stored_events_is_the_same(self):
        entity = registered(titles={"invoice": "Rechnung"})
        entity.amend(details(backdating_days=3))
        stored = [(type(event), msgspec.json.encode(event)) for event in entity.recorded]
        events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
        assert LegalEntity.rehydrate(ID, events).details == entity.details

    def test_an_erased_entity_sells_no_more(self):
        erased = LegalEntityRegistered(legal_entity_id=ID, details=details(seller=None))
        entity = LegalEntity.rehydrate(ID, [erased])
        with pytest.raises(LegalEntityErased):
            assert entity.seller

    def test_an_event_of_another_aggregate_is_our_defect(self):
        with pytest.raises(InvariantViolation):
            registered().apply(Event())


class TestSettings:
    @pytest.mark.parametrize(
        "changes,pointer,code",
        [
            ({"time_zone": "Europe/Bielefeld"}, "/time_zone", "unknown_zone"),
            ({"time_zone": "../../etc/passwd"}, "/time_zone", "unknown_zone"),
            ({"time_zone": "Europe"}, "/time_zone", "unknown_zone"),
            ({"time_zone": ""}, "/time_zone", "unknown_zone"),
            ({"time_zone": "localtime"}, "/time_zone", "unknown_zone"),
            ({"currency": "eur"}, "/currency", "unknown_currency"),
            ({"languages": ()}, "/languages", "languages_malformed"),
            ({"languages": ("de", "de")}, "/languages", "languages_malformed"),
            ({"languages": ("de", "deutsch")}, "/languages/1", "language_malformed"),
            ({"languages": ("DE",)}, "/languages/0", "language_malformed"),
            ({"backdating_days": -1}, "/backdating_days", "backdating_days_out_of_range"),
            ({"backdating_days": 36_501}, "/backdating_days", "backdating_days_out_of_range"),
            ({"titles": {"receipt": "Beleg"}}, "/titles/receipt", "document_type_unknown"),
            ({"titles": {"a/b~": "Beleg"}}, "/titles/a~1b~0", "document_type_unknown"),
            ({"titles": {"invoice": " "}}, "/titles/invoice", "title_malformed"),
        ],
    )
    def test_a_setting_that_breaks_a_rule_is_named_by_pointer(self, changes, pointer, code):
        assert (pointer, code) in problems(**changes)

    @pytest.mark.parametrize("language", ["de", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419", "gsw"])
    def test_language_tags_hold(self, language):
        assert registered(languages=(language,)).details.languages == (language,)

    def test_rounding_per_line_cannot_become_an_e_invoice(self):
        assert problems(rounding=Rounding.PER_LINE) == [("/rounding", "not_representable")]
        plain = registered(rounding=Rounding.PER_LINE, default_profile=Profile.PLAIN)
        assert plain.details.rounding is Rounding.PER_LINE

    def test_terms_that_no_document_could_bear_are_refused_at_once(self):
        part = TermsStep(percent=Decimal(50), days=14)
        half = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=(part,))
        at = "/payment_terms"
        assert problems(payment_terms=half) == [(f"{at}/instalments", "not_100_percent")]
        net = PaymentTerms(days=14, months=1)
        assert problems(payment_terms=net) == [(f"{at}/months", "not_for_this_kind")]
        both = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=(part, replace(part, days=28)))
        assert registered(payment_terms=both).details.payment_terms == both

    def test_all_faults_are_named_at_once(self):
        found = problems(currency="EUX", time_zone="Nowhere", seller=seller(logo="x"))
        assert [pointer for pointer, _ in found] == ["/logo", "/time_zone", "/currency"]


class TestSeller:
    @pytest.mark.parametrize(
        "changes,pointer,code",
        [
            ({"name": " "}, "/name", "name_malformed"),
            ({"name": "x" * 301}, "/name", "name_malformed"),
            ({"address": None}, "/address", "address_missing"),
            ({"address": Address(country="UK")}, "/address/country", "country_unknown"),
            ({"address": Address(country="de")}, "/address/country", "country_unknown"),
            ({"vat_id": "123456789"}, "/vat_id", "vat_id_without_country"),
            ({"vat_id": "GR123456789"}, "/vat_id", "vat_id_without_country"),
            ({"endpoint": Identifier(id="x")}, "/endpoint/scheme", "endpoint_scheme_missing"),
            (
                {"endpoint": Identifier(id="x", scheme="email")},
                "/endpoint/scheme",
                "endpoint_scheme_missing",
            ),
            ({"endpoint": Identifier(id=" ", scheme="EM")}, "/endpoint/id", "endpoint_empty"),
        ],
    )
    def test_a_party_that_breaks_a_rule_is_named_by_pointer(self, changes, pointer, code):
        assert problems(seller=seller(party=party(**changes))) == [(pointer, code)]

    @pytest.mark.parametrize("vat_id", ["EL123456789", "XI123456789", "NL 8200.98.395.B.01"])
    def test_prefixes_of_vat_ids_that_are_no_country_codes_hold(self, vat_id):
        assert registered(seller=seller(party=party(vat_id=vat_id))).seller.party.vat_id == vat_id

    def test_a_legal_entity_cannot_be_registered_without_a_seller(self):
        assert problems(seller=None) == [("/name", "name_missing")]

    def test_accounts_and_directors_are_named_by_their_place(self):
        accounts = (BankAccount(currency="EUR", iban=IBAN), BankAccount(currency="EUR"))
        found = problems(seller=seller(bank_accounts=accounts, directors=("Ada", "")))
        assert found == [
            ("/directors/1", "name_malformed"),
            ("/bank_accounts/1/iban", "account_missing"),
        ]

    def test_lists_have_an_end(self):
        assert problems(seller=seller(directors=("Ada",) * 101)) == [("/directors", "too_many")]


class TestRegistrations:
    @pytest.mark.parametrize(
        "registration,field,code",
        [
            (Registration(country="UK", vat_id="UK1"), "country", "country_unknown"),
            (Registration(country="FR"), "vat_id", "registration_empty"),
            (Registration(country="FR", vat_id="DE1"), "vat_id", "vat_id_without_country"),
            (Registration(country="GR", vat_id="GR1"), "vat_id", "vat_id_without_country"),
            (
                Registration(
                    country="FR",
                    tax_number="1",
                    valid_from=date(2026, 2, 1),
                    valid_to=date(2026, 1, 31),
                ),
                "valid_to",
                "validity_reversed",
            ),
        ],
    )
    def test_a_registration_that_breaks_a_rule_is_named_by_pointer(self, registration, field, code):
        found = problems(seller=seller(registrations=(GERMAN, registration)))
        assert found == [(f"/registrations/1/{field}", code)]

    def test_greece_and_northern_ireland_register_under_their_own_prefix(self):
        registrations = (
            Registration(country="GR", vat_id="EL123456789"),
            Registration(country="XI", vat_id="XI123456789"),
            Registration(country="GB", vat_id="GB123456789"),
        )
        assert registered(seller=seller(registrations=registrations)).version == 1

    def test_two_registrations_of_a_country_may_not_share_a_day(self):
        first = replace(GERMAN, valid_to=date(2026, 6, 30))
        second = replace(GERMAN, valid_from=date(2026, 6, 30))
        found = problems(seller=seller(registrations=(first, second)))
        assert found == [("/registrations/1/valid_from", "registrations_overlap")]

    def test_registrations_that_follow_each_other_are_picked_by_day(self):
        first = replace(GERMAN, valid_to=date(2026, 6, 30))
        second = replace(GERMAN, vat_id="DE999999999", valid_from=date(2026, 7, 1))
        french = Registration(country="FR", vat_id="FR12345678901", valid_from=date(2026, 1, 1))
        entity = registered(seller=seller(registrations=(first, second, french)))
        assert entity.registration_on(None, date(2026, 6, 30)) == first
        assert entity.registration_on("DE", date(2026, 7, 1)) == second
        assert entity.registration_on("FR", date(2026, 1, 1)) == french
        assert entity.registration_on("FR", date(2025, 12, 31)) is None
        assert entity.registration_on("IT", date(2026, 7, 1)) is None

    def test_a_one_stop_shop_is_no_registration_in_the_country_where_it_is_filed(self):
        shop = Registration(country="DE", vat_id="DE129273398", special=Special.OSS)
        own = Registration(country="DE", vat_id="DE129273398")
        entity = registered(seller=seller(registrations=(shop, own)))
        assert entity.registration_on("DE", date(2026, 7, 1)) == own


class TestLogo:
    @pytest.mark.parametrize(
        "logo",
        [data_uri(PNG), data_uri(b"<?xml version='1.0'?><svg xmlns='x'/>", "svg+xml")],
        ids=["png", "svg"],
    )
    def test_a_png_or_an_svg_is_taken(self, logo):
        assert registered(seller=seller(logo=logo)).seller.logo == logo

    @pytest.mark.parametrize(
        "logo,code",
        [
            ("", "logo_malformed"),
            ("logo.png", "logo_malformed"),
            (data_uri(PNG, "gif"), "logo_malformed"),
            ("data:image/png;base64,AAA", "logo_malformed"),
            ("data:image/png;base64,====", "logo_malformed"),
            (data_uri(b"<svg/>"), "logo_malformed"),
            (data_uri(PNG, "svg+xml"), "logo_malformed"),
            (data_uri(PNG + bytes(LOGO_BYTES_MAX)), "logo_too_large"),
        ],
    )
    def test_anything_else_is_refused(self, logo, code):
        assert problems(seller=seller(logo=logo)) == [("/logo", code)]


class TestDates:
    @pytest.mark.parametrize(
        "zone,day",
        [
            ("Europe/Berlin", date(2026, 1, 1)),
            ("America/New_York", date(2025, 12, 31)),
            ("Pacific/Kiritimati", date(2026, 1, 1)),
        ],
    )
    def test_today_is_the_day_of_the_entity(self, zone, day):
        assert registered(time_zone=zone).today(datetime(2025, 12, 31, 23, 30, tzinfo=UTC)) == day

    def test_a_document_is_dated_today_unless_asked_otherwise(self):
        assert registered().issue_date_for(None, NOON) == date(2026, 3, 9)

    def test_a_document_is_never_dated_in_the_future(self):
        with pytest.raises(IssueDateInFuture) as refused:
            registered(backdating_days=10).issue_date_for(date(2026, 3, 10), NOON)
        assert refused.value.problems[0].pointer == "/issue_date"

    def test_what_is_tomorrow_elsewhere_may_be_today_in_the_entity_s_zone(self):
        late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
        assert registered().issue_date_for(date(2026, 3, 10), late) == date(2026, 3, 10)
        with pytest.raises(IssueDateInFuture):
            registered(time_zone="Europe/London").issue_date_for(date(2026, 3, 10), late)

    def test_backdating_is_refused_unless_the_entity_allows_it(self):
        with pytest.raises(IssueDateTooOld) as refused:
            registered().issue_date_for(date(2026, 3, 8), NOON)
        assert refused.value.problems[0].pointer == "/issue_date"

    def test_backdating_goes_as_far_as_the_entity_allows(self):
        entity = registered(backdating_days=5)
        assert entity.issue_date_for(date(2026, 3, 4), NOON) == date(2026, 3, 4)
        with pytest.raises(IssueDateTooOld) as refused:
            entity.issue_date_for(date(2026, 3, 3), NOON)
        assert "2026-03-04" in refused.value.detail


def test_n11_each_entity_calls_its_documents_what_its_country_wants():
    australian = registered(titles={"invoice": "Tax invoice"})
    german = registered(titles={"credit_note": "Rechnungskorrektur"})
    assert australian.title_of(DocumentType.INVOICE) == "Tax invoice"
    assert german.title_of(DocumentType.INVOICE) is None
    assert german.title_of(DocumentType.CREDIT_NOTE) == "Rechnungskorrektur"
