"""Whose personal data a document holds, as the id by which it can be erased."""

from functools import lru_cache
from uuid import UUID

from invx.contexts.invoicing.domain.content import Content
from invx.kernel.ids import named_id


def subject_of(tenant_id: UUID, content: Content, document_id: UUID) -> UUID:
    """The buyer: the customer by the caller's own id, else whoever this one document is for."""
    customer = content.buyer.customer if content.buyer else None
    return customer_subject(tenant_id, customer) if customer else document_id


@lru_cache(1024)
def customer_subject(tenant_id: UUID, customer: str) -> UUID:
    """The subject behind a caller's own customer id."""
    return named_id(tenant_id, f"customer:{customer}")
