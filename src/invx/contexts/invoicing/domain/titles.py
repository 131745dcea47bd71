"""What a document is called in print: the legal entity's word, else that of its country."""

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.rules.tax.packs import Packs

SELF_BILLED = "389"
_ORDINARY = {None, "380", "381"}


def title_of(content: Content, links: Links, entity: LegalEntity, packs: Packs) -> str | None:
    """The title that is frozen with the document; None leaves it to the words of the language.

    A country's titles are for documents in its own language. Finer kinds (corrective invoices,
    cancellations) go by their own words, but for self-billing, which the law names: in Germany a
    "Gutschrift" is that and no credit note (§ 14 Abs. 4 Nr. 10 UStG).
    """
    if own := entity.title_of(content.type):
        return own
    address = entity.seller.party.address
    pack = packs.get(address.country) if address else None
    if pack is None or content.language.partition("-")[0] != pack.language:
        return None
    titles = dict(pack.documents.titles)
    if content.type_code == SELF_BILLED:
        return titles.get("self_billing")
    if content.type_code in _ORDINARY and links.cancels is None:
        return titles.get(str(content.type))
    return None
