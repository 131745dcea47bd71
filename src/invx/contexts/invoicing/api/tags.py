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
        "name": "Settlement",
        "description": "What is open of a document, and the entries that settle it.",
    },
    {
        "name": "History",
        "description": "What happened to a document, its state at any moment, how figures came.",
    },
    {"name": "Legal entities", "description": "Who sells: the names on your documents."},
    {"name": "Series", "description": "Gapless numbers of documents, and a report that says so."},
    {"name": "Personal data", "description": "Erasure, as far as the law does not want it kept."},
)
