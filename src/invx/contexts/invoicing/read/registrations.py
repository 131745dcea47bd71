"""The registrations of a legal entity by the ids that the tax ledger names them with."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.party import Registration, ReturnPeriod
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.kernel.ids import typeid
from invx.rules.tax.model import Special

_SHOWN = ("country", "vat_id", "tax_number", "basis", "valid_from", "valid_to")
_SINCE = {"special": Special.ORDINARY, "return_period": ReturnPeriod.MONTH}  # absent from old rows


def registrations_of(entity_id: UUID, resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As the resource of the legal entity has them today."""
    found = []
    for each in resource.get("registrations") or ():
        numbers = {name: each.get(name) for name in _SHOWN[:3]}
        since = {name: each.get(name) or default for name, default in _SINCE.items()}
        named = Registration(**numbers, special=Special(since["special"]))
        id = typeid(REGISTRATION, registration_id(entity_id, named))
        found.append({"id": id, **{name: each.get(name) for name in _SHOWN}, **since})
    return found
