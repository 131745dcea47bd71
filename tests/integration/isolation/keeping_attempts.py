"""What an intruder tries on what is closed, kept and claimed."""

from typing import Any

from tests.integration.isolation.attempts import (
    Attempt,
    Request,
    at,
    found,
    missing,
    nothing_found,
    only_own,
)


def on_submitted(**body: Any) -> Attempt:
    """On the document of the victim that waits for an approval."""
    return Attempt(lambda v, o: Request(body or None, ids={"invoice": v.submitted}), missing)


_APPROVAL = "/v1/invoices/{invoice}/approval"
_CLOSING = {"closed_through": "2020-12-31"}

KEEPING_ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    ("GET", "/v1/legal-entities/{legal_entity}/periods"): (at(),),
    ("GET", "/v1/legal-entities/{legal_entity}/period-changes"): (at(),),
    ("PUT", "/v1/legal-entities/{legal_entity}/periods/{kind}"): (at(**_CLOSING),),
    ("POST", "/v1/legal-entities/{legal_entity}/periods/{kind}/reopen"): (
        at(closed_through="2019-12-31", reason="r"),
    ),
    ("POST", "/v1/tax/returns/close"): (
        Attempt(lambda v, o: Request({"registration": v.registration, "period": "2020"}), missing),
    ),
    ("GET", "/v1/invoices/{invoice}/interest"): (at(),),
    ("POST", "/v1/invoices/{invoice}/late-fees"): (at(finalize=True),),
    ("GET", "/v1/invoices/{invoice}/late-fees"): (at(),),
    ("POST", "/v1/invoices/{invoice}/late-fees/waiver"): (at(reason="r"),),
    ("GET", "/v1/legal-holds"): (
        Attempt(lambda v, o: Request(), nothing_found),
        found(state="released"),
        Attempt(lambda v, o: Request(query={"after": v.hold_cursor}), only_own, alike=True),
    ),
    ("POST", "/v1/legal-holds"): (
        Attempt(lambda v, o: Request({"invoice": v.invoice, "reason": "r"}), missing),
        Attempt(lambda v, o: Request({"invoice": v.draft, "reason": "r"}), missing),
        Attempt(lambda v, o: Request({"legal_entity": v.entity, "reason": "r"}), missing),
        Attempt(lambda v, o: Request({"customer": v.customer, "reason": "r"}), only_own, True),
    ),
    ("GET", "/v1/legal-holds/{legal_hold}"): (at(),),
    ("POST", "/v1/legal-holds/{legal_hold}/release"): (at(reason="r"),),
    ("GET", "/v1/retention"): (
        Attempt(lambda v, o: Request(query={"legal_entity": v.entity}), missing),
        Attempt(lambda v, o: Request(), only_own, alike=True),
    ),
    ("POST", "/v1/retention/purges"): (
        Attempt(lambda v, o: Request({"legal_entity": v.entity}), missing),
    ),
    ("POST", "/v1/retention/purges/{operation}/carry-out"): (at(),),
    ("GET", "/v1/import-presets"): (Attempt(lambda v, o: Request(), only_own, alike=True),),
    ("GET", "/v1/erasures/{erasure}"): (at(),),
    ("GET", "/v1/legal-entities/{legal_entity}/approval-rules"): (at(),),
    ("PUT", "/v1/legal-entities/{legal_entity}/approval-rules"): (
        Attempt(lambda v, o: Request({"rules": []}), missing),
    ),
    ("GET", "/v1/approvals"): (
        Attempt(lambda v, o: Request(), nothing_found),
        found(status="pending"),
        found(status="pending", assignee="me"),
        found(assignee="user:test", legal_entity="entity"),
        found(legal_entity="entity"),
        Attempt(
            lambda v, o: Request(query={"limit": "1", "after": v.approval_cursor}), only_own, True
        ),
    ),
    ("GET", _APPROVAL): (on_submitted(),),
    ("POST", _APPROVAL): (on_submitted(note="n"),),
    ("POST", f"{_APPROVAL}/delegate"): (on_submitted(to="user:test", reason="r"),),
    ("POST", f"{_APPROVAL}/approve"): (on_submitted(note="n"),),
    ("POST", f"{_APPROVAL}/reject"): (on_submitted(note="n"),),
    ("POST", f"{_APPROVAL}/withdraw"): (on_submitted(note="n"),),
}
