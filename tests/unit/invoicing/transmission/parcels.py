"""Parcels to hand to channels."""

import hashlib
from typing import Any

from invx.contexts.invoicing.domain.delivery.transmission import Parcel, key_of
from tests.unit.invoicing.domain.drafts import DOCUMENT, named


def parcel(content: bytes = b"<Invoice/>", **more: Any) -> Parcel:
    given: dict[str, Any] = {
        "key": key_of(DOCUMENT, 1, "portal"),
        "tenant_id": named("tenant"),
        "document_id": DOCUMENT,
        "number": "2026/0001",
        "revision": 1,
        "format": "ubl",
        "media_type": "application/xml",
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Parcel(**{**given, **more})
