"""Taxes of documents: determined, entered in the ledger, converted, told to engines."""
