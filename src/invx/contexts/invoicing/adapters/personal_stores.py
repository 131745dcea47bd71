"""Every store that copies a personal value, with its eraser or its retention (section 5)."""

from invx.infra.context import PersonalStore

PERSONAL_STORES = (
    PersonalStore("personal", "deleted by subject"),
    PersonalStore("documents", "re-projected"),
    PersonalStore("document_contents", "re-projected"),
    PersonalStore("document_search", "re-projected"),
    PersonalStore("settlement_entries", "re-projected"),
    PersonalStore("withholding_certificates", "kept by law: the number of a tax certificate"),
    PersonalStore("recognition_entries", "kept as long as the books: ids of lines and customers"),
    PersonalStore("transmissions", "re-projected"),
    PersonalStore("tax_partners", "re-projected"),
    PersonalStore("skipped_numbers", "re-projected"),
    PersonalStore("legal_entities", "re-projected"),
    PersonalStore("period_changes", "re-projected"),
    PersonalStore("erasures", "names nobody: numbers and days of documents"),
    PersonalStore("bookings", "kept as long as the books: codes of accounts and cost centres"),
    PersonalStore("archives", "deleted with the document's data"),
    PersonalStore("files", "re-projected; deleted with the last document that names them"),
    PersonalStore("stored_files", "deleted when nothing names them any more"),
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
