"""Every table that copies personal values, and what removes them from it (D4)."""

from invx.infra.context import PersonalStore

PERSONAL = (
    PersonalStore("personal", "deleted by subject"),
    PersonalStore("documents", "re-projected"),
    PersonalStore("document_contents", "re-projected"),
    PersonalStore("document_search", "re-projected"),
    PersonalStore("settlement_entries", "re-projected"),
    PersonalStore("transmissions", "re-projected"),
    PersonalStore("tax_partners", "re-projected"),
    PersonalStore("skipped_numbers", "re-projected"),
    PersonalStore("legal_entities", "re-projected"),
    PersonalStore("bookings", "kept as long as the books: codes of accounts and cost centres"),
    PersonalStore("archives", "deleted with the document's data"),
    PersonalStore("imported_documents", "re-projected"),
    PersonalStore("imports", "the legal entity's own words: file name, why it was reversed"),
    PersonalStore("import_files", "deleted with the first erasure, and when it is committed"),
    PersonalStore("import_items", "deleted by subject, and when each is imported"),
    PersonalStore("operation_items", "problems of erased documents emptied"),
    PersonalStore("accounting_exports", "the legal entity's own words: why one was cancelled"),
    PersonalStore("accounting_files", "kept by law as books (§ 147 AO); they name nobody"),
    PersonalStore("debtor_numbers", "kept by law; the caller's own id of a customer, no name"),
    PersonalStore("idempotency", "answer replaced; dropped after eight days"),
)
