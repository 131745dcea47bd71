"""What an intruder tries on what is closed, kept and claimed."""

from tests.integration.isolation.attempts import Attempt, Request, at, missing

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
    ("GET", "/v1/erasures/{erasure}"): (at(),),
}
