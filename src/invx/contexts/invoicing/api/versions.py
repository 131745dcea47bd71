"""What the resources of invoicing were in the older versions of the API that are still live."""

from typing import Any

from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.versions import Change
from invx.kernel.ids import parse_typeid

Json = dict[str, Any]


def _with_raw_sources(settlement: Json) -> Json:
    return settlement | {"entries": [_with_raw_source(each) for each in settlement["entries"]]}


def _with_raw_details(entry: Json) -> Json:
    if entry["type"] != "EntryRecorded":
        return entry
    return entry | {"details": _with_raw_source(entry["details"])}


def _with_raw_source(entry: Json) -> Json:
    """The source of a credit was the UUID inside the id of the document."""
    if entry["kind"] != EntryKind.CREDIT:
        return entry
    return entry | {"source": str(parse_typeid(INVOICE, entry["source"]))}


CHANGES = (
    Change(
        since="2026-11-24",
        resource="settlement",
        says="the `source` of a credit is the id of the document that counts (`inv_…`); it was the "
        "bare UUID inside that id.",
        undone=_with_raw_sources,
    ),
    Change(
        since="2026-11-24",
        resource="history_entry",
        says="so it is in the `details` of an `EntryRecorded` that is a credit.",
        undone=_with_raw_details,
    ),
)
