"""What documents are called: by the legal entity, by its country, by the words of the language."""

from dataclasses import replace
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, Seller
from invx.contexts.invoicing.domain.titles import title_of
from tests.unit.rules.tax.shipped import packs_with

NO_LINKS = Links()


def entity(country: str, **titles: str) -> LegalEntity:
    party = Party(name="Seller", address=Address(country=country))
    details = LegalEntityDetails(
        seller=Seller(party=party),
        time_zone="Europe/Berlin",
        languages=("en",),
        currency="EUR",
        titles=titles,
    )
    return LegalEntity.register(UUID(int=1), details)


def document(language: str, type: str = "invoice", type_code: str | None = None) -> Content:
    return Content(currency="EUR", language=language, type=DocumentType(type), type_code=type_code)


@pytest.mark.parametrize(
    "country,said,title",
    [
        ("DE", document("de", "credit_note"), "Rechnungskorrektur"),
        ("AT", document("de-AT"), "Rechnung"),
        ("FR", document("fr"), "Facture"),
        ("FR", document("fr", "credit_note"), "Avoir"),
        ("ES", document("es", "credit_note"), "Factura rectificativa"),
        ("NL", document("nl", "invoice", "380"), "Factuur"),
        ("DE", document("de", "invoice", "389"), "Gutschrift"),
        ("GB", document("en-GB", "invoice", "389"), "Self-billed invoice"),
        ("DE", document("en"), None),  # German words are for German documents
        ("FR", document("de"), None),
        ("DE", document("de", "invoice", "384"), None),  # a corrective one has words of its own
        ("DE", document("de", "proforma"), None),
        ("NO", document("de"), None),
    ],
)
def test_a_country_calls_its_documents_in_its_own_language(
    country: str, said: Content, title: str | None
) -> None:
    assert title_of(said, NO_LINKS, entity(country), packs_with()) == title


def test_n11_the_word_of_the_legal_entity_goes_first() -> None:
    own = entity("DE", credit_note="Storno")
    assert title_of(document("de", "credit_note"), NO_LINKS, own, packs_with()) == "Storno"
    assert title_of(document("de"), NO_LINKS, own, packs_with()) == "Rechnung"


def test_a_cancellation_is_called_one() -> None:
    cancels = replace(NO_LINKS, credits=UUID(int=2), cancels=UUID(int=2))
    said = document("de", "credit_note")
    assert title_of(said, cancels, entity("DE"), packs_with()) is None
