"""What an erasure of a customer leaves, field by field, and why. Everything else must go."""

import re

_IDS = "an id or a reference between two businesses' systems, not words about a person"

# Patterns of field names as `markers` gives them.
STAYS: dict[str, str] = {
    r"entity\..*": "the legal entity's own data: its directors and contact are its subject, and a"
    " customer's erasure is none of it",
    r".*\.customer": "the caller's own opaque id, by which the ledger is keyed (M4)",
    r".*\.source": "the caller's own id of a payment; it makes an entry unique",
    r".*\.(external_id|purchase_order|sales_order|contract|project|order_line)": _IDS,
    r".*\.(buyer_accounting_reference|ledger_account|tax_key|preceding\.number)": _IDS,
    r".*\.(receiving_advice|despatch_advice|tender)": _IDS,
    r".*\.direct_debit\.creditor": "the seller's own id as a creditor (BT-90)",
    r".*\.attachments\.media_type": "the kind of a file; its name and content go",
    r".*\.lines\.(id|line_id)": _IDS,
    r".*\.supply\.category": "a tax category of the country packs",
    r".*\.lines\.source\.(kind|id|version)": _IDS,
    r".*\.item\.(seller_id|buyer_id|standard_id\.(id|version)|classifications\.(id|version))": _IDS,
    r".*\.item\.attributes\.name": "the name of a property of goods; its value goes",
    r".*\.taxes\.reason": "the legal ground of an exemption (BT-120), which the tax groups repeat",
}
# Routes with a body on which nothing is said about a customer, and why.
UNSAID: dict[tuple[str, str], str] = {
    ("post", "/v1/oauth-clients"): "what a program is called and where it sends people back to",
    ("post", "/v1/sandboxes"): "what a sandbox is called, for how long, and its clock",
    ("post", "/v1/sandboxes/{sandbox}/api-keys"): "what a program is called and may do",
    ("post", "/v1/sandboxes/{sandbox}/clock"): "it takes a moment or a span, and no words",
    ("post", "/v1/me/totp"): "a person's own account, as are the three after it",
    ("post", "/v1/me/totp/confirm"): "a code, which is kept nowhere",
    ("post", "/v1/me/totp/remove"): "a password and a code, which are kept nowhere",
    ("post", "/v1/me/recovery-codes"): "a password, which is kept nowhere",
    ("post", "/v1/invoices/check"): "it answers and writes nothing",
    ("post", "/v1/invoices/batch"): "its items are written as by POST /v1/invoices; no answer of it"
    " names anybody",
    ("post", "/v1/invoices/finalize"): "it takes ids and a filter, and keeps the ids",
    ("post", "/v1/invoices/void"): "it takes ids and a filter, and keeps the ids",
    ("post", "/v1/invoices/release"): "it takes ids and a filter, and keeps the ids",
    ("post", "/v1/invoices/archive"): "it takes ids and a filter, and keeps the ids",
    ("post", "/v1/invoices/{invoice}/grace"): "it takes a moment, and no words",
    ("post", "/v1/invoices/{invoice}/hold"): "it takes yes or no, and no words",
    ("post", "/v1/invoices/{invoice}/milestones"): "it takes the ids of a line and of a milestone",
    ("post", "/v1/tax-ids/check"): "it answers; the evidence that it keeps hides the id",
    ("post", "/v1/e-invoices/parse"): "it answers and writes nothing",
    ("post", "/v1/e-invoices/validate"): "it answers and writes nothing",
    ("post", "/v1/invoices/import"): "its draft is made as by POST /v1/invoices, which says more",
    ("put", "/v1/invoices/{invoice}"): "the case edits with what a draft takes, which is more",
    ("post", "/v1/invoices/{invoice}/finalize"): "it takes a series and dates, and no words",
    ("post", "/v1/invoices/{invoice}/transmissions"): "it names a channel and a format; what far "
    "sides answer is erased in tests/e2e/test_transmissions.py",
    ("post", "/v1/invoices/{invoice}/revisions"): "its document is made as by POST /v1/invoices",
    ("put", "/v1/legal-entities/{legal_entity}"): "the legal entity's own data, as at its creation",
    ("post", "/v1/series"): "the legal entity's own numbering, which is about no customer",
    ("post", "/v1/series/{series}/next-number"): "the legal entity's own numbering, likewise",
    ("post", "/v1/series/{series}/hold"): "why the legal entity gives no numbers, likewise",
    ("post", "/v1/series/{series}/release"): "why it gives numbers again, likewise",
    ("put", "/v1/tax/rate-tables/{country}"): "rates, places and laws, which are about no customer",
    ("put", "/v1/tax/overrides/{country}"): "rates, categories and laws, likewise",
    ("post", "/v1/exchange-rates"): "figures of central banks, which are about no customer",
    ("post", "/v1/exchange-rates/import"): "figures of central banks, likewise",
    ("post", "/v1/accounting/exports"): "how the legal entity's accountant wants its books",
    ("post", "/v1/accounting/exports/{accounting_export}/cancel"): "the legal entity's own words",
    ("post", "/v1/accounting/book-rates/{invoice}"): "a rate of exchange, and no words",
    ("post", "/v1/files"): "its name is its own subject's, which goes with the documents that name"
    " it: tests/e2e/test_files.py",
    ("post", "/v1/erasures"): "the caller's own opaque id, which is the handle of the erasure",
    ("post", "/v1/imports"): "a file of another system, as a whole; that the buyers in it go:"
    " tests/integration/invoicing/test_import_books.py",
    ("put", "/v1/imports/{import_id}/mapping"): "how columns of a file are read, and no customer",
    ("post", "/v1/imports/{import_id}/commit"): "it takes yes or no, and no words",
    ("post", "/v1/imports/{import_id}/reverse"): "why the legal entity took its import back",
    ("put", "/v1/imports/{import_id}/files/{name}"): "a PDF; its bytes go as those of an archive",
    ("put", "/v1/invoices/{invoice}/pdf"): "a PDF of an imported document, likewise",
    ("post", "/v1/invoices/{invoice}/late-fees"): "it takes days, rates and a code of the ledger",
    ("post", "/v1/retention/purges"): "it takes the id of a legal entity",
    ("put", "/v1/legal-entities/{legal_entity}/periods/{kind}"): "it takes days, and no words",
    ("post", "/v1/legal-entities/{legal_entity}/periods/{kind}/reopen"): "why the legal entity"
    " opened its books again, which is about no customer",
    ("put", "/v1/legal-entities/{legal_entity}/approval-rules"): "the legal entity's own words, and"
    " who decides there, which is about no customer",
    ("post", "/v1/sign-up"): "what people say of themselves; their own subject",
    ("post", "/operator/v1/sessions"): "who an operator says they are, likewise",
    ("post", "/operator/v1/tenants/{tenant}/suspend"): "why an operator suspends a tenant",
    ("post", "/operator/v1/tenants/{tenant}/resume"): "why an operator lets it go on",
    ("put", "/operator/v1/tenants/{tenant}/quota-class"): "it takes the name of a class",
    ("put", "/operator/v1/installation/defaults"): "it takes the name of a class",
    ("post", "/operator/v1/tenants/{tenant}/support-requests"): "why an operator asks to be let in;"
    " a personal value of its own subject, the grant",
    ("post", "/operator/v1/announcements"): "what operators tell all tenants, about no customer",
    ("post", "/v1/support-grants"): "it takes an id, permissions and hours, and no words",
    ("post", "/v1/sessions"): "who somebody says they are, which is kept in no clear words",
    ("post", "/oauth/revoke"): "a secret, which is kept nowhere",
    ("post", "/oauth/token"): "secrets, of which hashes are kept",
    ("delete", "/v1/me"): "a password and a code, which are kept nowhere; what it erases:"
    " test_erasure_of_people.py",
    ("put", "/v1/me/password"): "secrets, of which a hash is kept",
    ("put", "/v1/members/{member}/role"): "it takes the name of a role",
    ("post", "/v1/invitations"): "the address of a member-to-be, who is no customer; it goes from"
    " the row when the invitation is over",
    ("post", "/v1/invitations/accept"): "what a member says of themselves; their own subject",
    ("post", "/v1/roles"): "how the tenant divides its own work, which is about no customer",
    ("put", "/v1/roles/{role}"): "how the tenant divides its own work, likewise",
    ("post", "/v1/api-keys"): "what the tenant calls its own programs",
    ("post", "/v1/api-keys/{api_key}/rotate"): "it takes a number of hours, and no words",
    ("post", "/v1/tax/returns/close"): "it takes a registration and a period, and no words",
}
# Parties as a whole are erased, with the ids that stand in them.
_GOES = re.compile(r".*\.(buyer|recipient|ship_to|payee|tax_representative)\..*")


def stays(field: str) -> bool:
    """Whether a field is expected to outlive the erasure of its customer."""
    if _GOES.fullmatch(field):
        return False
    return any(re.fullmatch(pattern, field) for pattern in STAYS)
