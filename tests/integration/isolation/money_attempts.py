"""What an intruder tries on payment plans, withholding and the recognition of revenue."""

from tests.integration.isolation.attempts import (
    Attempt,
    Request,
    at,
    found,
    missing,
    only_own,
)

PLAN = [{"due_date": "2099-01-31"}]
YEAR = {"from": "2026-01-01", "to": "2030-01-01"}

MONEY_ATTEMPTS: dict[tuple[str, str], tuple[Attempt, ...]] = {
    ("POST", "/v1/invoices/{invoice}/payment-plan"): (at(instalments=PLAN),),
    ("POST", "/v1/invoices/{invoice}/payment-plan/end"): (at(reason="r"),),
    ("POST", "/v1/invoices/{invoice}/withholding-certificates"): (at(amount="1.00", source="c"),),
    ("GET", "/v1/accounting/withholding"): (
        found(legal_entity="entity"),
        found(customer="customer"),
        Attempt(lambda v, o: Request(), only_own, alike=True),
    ),
    ("GET", "/v1/invoices/{invoice}/recognition"): (
        at(),
        Attempt(lambda v, o: Request(ids={"invoice": v.draft}), missing, alike=True),
    ),
    ("POST", "/v1/invoices/{invoice}/milestones"): (at(line="1", milestone="Geheimer"),),
    ("GET", "/v1/revenue/recognition"): (
        Attempt(lambda v, o: Request(query={"legal_entity": v.entity, **YEAR}), missing),
    ),
}
