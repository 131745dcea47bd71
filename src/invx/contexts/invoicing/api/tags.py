"""What the groups of routes are about; the OpenAPI document shows it."""

TAGS = (
    {
        "name": "Invoices",
        "description": "Drafts and documents: invoices, credit notes, proformas. A draft can be "
        "changed, checked and previewed; finalized it has its number and never changes again.",
    },
    {
        "name": "Corrections",
        "description": "What is done about a finalized document: void, cancel, replace, credit.",
    },
    {
        "name": "Approvals",
        "description": "Rules that say who has to agree before a document is finalized, what "
        "waits for whom, and who decided.",
    },
    {
        "name": "Bulk",
        "description": "Many documents at once: in a batch, or as an operation.",
    },
    {
        "name": "Export and import",
        "description": "Documents, lines and payments as CSV, JSON Lines and XLSX; documents of "
        "another system, which count in receivables.",
    },
    {
        "name": "Grace periods",
        "description": "Drafts that are finalized by themselves at a moment, unless they are held.",
    },
    {
        "name": "Operations",
        "description": "Work that outlasts a request: how far it is, what failed, cancel, resume.",
    },
    {
        "name": "Transmissions",
        "description": "The way of a document to its buyer, and to the authority that clears it.",
    },
    {
        "name": "Settlement",
        "description": "What is open of a document, and the entries that settle it.",
    },
    {
        "name": "Late payment",
        "description": "Interest by the day, explained, and the claim for it.",
    },
    {
        "name": "History",
        "description": "What happened to a document, its state at any moment, how figures came.",
    },
    {
        "name": "Electronic invoices",
        "description": "Invoices as XML by EN 16931: written, read, and judged by the official "
        "rules.",
    },
    {
        "name": "Taxes",
        "description": "The tax ledger: what is due for which period, and why, entry by entry.",
    },
    {
        "name": "Accounting",
        "description": "The books: charts of accounts, the journal, open items.",
    },
    {
        "name": "Tax rates",
        "description": "What you know of taxes yourself: rate tables for sales taxes, and rows "
        "laid over the packs of countries.",
    },
    {
        "name": "Exchange rates",
        "description": "What central banks and ministries publish, as you have taken it down.",
    },
    {
        "name": "Accounting exports",
        "description": "Bookings for an accountant (DATEV, CSV, JSON Lines), each handed out once, "
        "and data access for an auditor (GoBD).",
    },
    {
        "name": "Closed periods",
        "description": "Days that take no document, payment, tax or booking any more.",
    },
    {"name": "Legal entities", "description": "Who sells: the names on your documents."},
    {"name": "Series", "description": "Gapless numbers of documents, and a report that says so."},
    {"name": "Tax ids", "description": "Form, check digits, and what the registers say of them."},
    {
        "name": "Proof",
        "description": "The register of each legal entity, and the seals over your history.",
    },
    {"name": "Files", "description": "Uploads that documents name as their attachments."},
    {
        "name": "Retention",
        "description": "What the law keeps and until when, and the purge of what nothing keeps "
        "any more.",
    },
    {"name": "Legal holds", "description": "What must stay whatever the law lets go, and why."},
    {"name": "Personal data", "description": "Erasure, as far as the law does not want it kept."},
)
