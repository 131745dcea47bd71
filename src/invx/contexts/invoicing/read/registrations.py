"""The registrations of a legal entity by the ids that the tax ledger names them with."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.party import Registration
from invx.contexts.invoicing.domain.tax_entries import registration_id
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.kernel.ids import typeid

_SHOWN = ("country", "vat_id", "tax_number", "basis", "valid_from", "valid_to")


def registrations_of(entity_id: UUID, resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As the resource of the legal entity has them today."""
    found = []
    for each in resource.get("registrations") or ():
        numbers = {name: each.get(name) for name in _SHOWN[:3]}
        id = registration_id(entity_id, Registration(**numbers))
        found.append({"id": typeid(REGISTRATION, id), **{name: each.get(name) for name in _SHOWN}})
    return found
