"""What an intruder tries on the routes for many documents at once."""

import httpx

from invx.contexts.invoicing.api.schemas.examples import IMPORT_FILE, IMPORT_MAPPING
from tests.integration.isolation.access_attempts import ACCESS_ATTEMPTS
from tests.integration.isolation.attempts import (
    ATTEMPTS,
    DRAFT,
    Attempt,
    Request,
    at,
    found,
    missing,
    nothing_found,
    nothing_told,
    on_draft,
    only_own,
)
from tests.integration.isolation.keeping_attempts import KEEPING_ATTEMPTS
from tests.integration.isolation.money_attempts import MONEY_ATTEMPTS
from tests.integration.isolation.oauth_attempts import OAUTH_ATTEMPTS
from tests.integration.isolation.victims import Victim

PDF = "%PDF-1.7 foreign"


def nothing_selected(response: httpx.Response, victim: Victim) -> bool:
    """A selection of many that takes in nothing."""
    return response.status_code == 422 and response.json()["code"] == "selection_empty"


def rejected(response: httpx.Response, victim: Victim) -> bool:
    """A batch whose only item names something that is not there."""
    [result] = response.json()["results"]
    code = (result["problem"] or {}).get("code")
    return code == "legal_entity_not_found" and nothing_told(response, victim)


def empty(response: httpx.Response, victim: Victim) -> bool:
    """A file without a row."""
    return response.status_code == 200 and response.content == b""


def many(*ids: str) -> tuple[Attempt, ...]:
    """On many: what is named is somebody's item that fails, what is sought is not found."""
    return (
        Attempt(
            lambda v, o: Request({"invoices": [getattr(v, each) for each in ids]}), only_own, True
        ),
        Attempt(lambda v, o: Request({"filter": {"customer": v.customer}}), nothing_selected),
    )


ALL_ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    **ACCESS_ATTEMPTS,
    **KEEPING_ATTEMPTS,
    **MONEY_ATTEMPTS,
    ("POST", "/v1/invoices/batch"): (
        Attempt(lambda v, o: Request({"items": [{**DRAFT, "legal_entity": v.entity}]}), rejected),
        Attempt(lambda v, o: Request({"items": [{**DRAFT, "key": "k"}]}), only_own, alike=True),
    ),
    ("POST", "/v1/invoices/finalize"): many("draft"),
    ("POST", "/v1/invoices/void"): many("invoice", "credit_note"),
    ("POST", "/v1/invoices/release"): many("invoice"),
    ("POST", "/v1/invoices/archive"): many("invoice"),
    ("GET", "/v1/invoices/archive"): (
        Attempt(lambda v, o: Request(query={"customer": v.customer}), nothing_selected),
        Attempt(lambda v, o: Request(query={"operation": v.operation}), missing),
    ),
    ("GET", "/v1/invoices/export"): (
        Attempt(lambda v, o: Request(query={"customer": v.customer, "format": "jsonl"}), empty),
        Attempt(lambda v, o: Request(query={"of": "lines"}), only_own),
        Attempt(lambda v, o: Request(query={"of": "payments"}), only_own),
    ),
    ("POST", "/v1/imports"): (
        Attempt(
            lambda v, o: Request(IMPORT_FILE, {"source": "old", "legal_entity": v.entity}), missing
        ),
    ),
    ("GET", "/v1/imports"): (Attempt(lambda v, o: Request(), only_own),),
    ("GET", "/v1/imports/{import_id}"): (at(),),
    ("PUT", "/v1/imports/{import_id}/mapping"): (at(**IMPORT_MAPPING),),
    ("POST", "/v1/imports/{import_id}/check"): (at(),),
    ("POST", "/v1/imports/{import_id}/commit"): (at(skip_rejected=True),),
    ("POST", "/v1/imports/{import_id}/reverse"): (at(reason="x"),),
    ("PUT", "/v1/imports/{import_id}/files/{name}"): (Attempt(lambda v, o: Request(PDF), missing),),
    ("PUT", "/v1/invoices/{invoice}/pdf"): (Attempt(lambda v, o: Request(PDF), missing),),
    ("GET", "/v1/operations"): (Attempt(lambda v, o: Request(), only_own),),
    ("GET", "/v1/operations/{operation}"): (at(),),
    ("GET", "/v1/operations/{operation}/items"): (at(),),
    ("POST", "/v1/operations/{operation}/cancel"): (at(),),
    ("POST", "/v1/operations/{operation}/resume"): (at(),),
    ("GET", "/v1/graces"): (Attempt(lambda v, o: Request(), nothing_found),),
    ("GET", "/v1/invoices/{invoice}/grace"): (on_draft(),),
    ("POST", "/v1/invoices/{invoice}/grace"): (on_draft(finalize_at="2199-06-01T00:00:00Z"),),
    ("POST", "/v1/invoices/{invoice}/hold"): (on_draft(),),
    ("POST", "/v1/files"): (
        Attempt(
            lambda v, o: Request(
                "a,b\n", query={"name": "a.csv"}, headers={"content-type": "text/csv"}
            ),
            only_own,
            alike=True,
        ),
    ),
    ("GET", "/v1/files"): (
        found(sha256="file_hash"),
        found(media_type="text/csv", sha256="file_hash"),
        Attempt(lambda v, o: Request(query={"limit": "1", "after": v.file_cursor}), only_own, True),
    ),
    ("GET", "/v1/files/{file}"): (at(),),
    ("GET", "/v1/files/{file}/content"): (at(),),
    ("DELETE", "/v1/files/{file}"): (at(),),
    **ATTEMPTS,
    **OAUTH_ATTEMPTS,
}
