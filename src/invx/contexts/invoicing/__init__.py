"""Invoicing: from a draft to a legal document, its number, its corrections and what is still open.

Owns documents (invoices, credit notes, proformas), settlements, series and legal entities.
Publishes `invoicing.document.*` and `invoicing.settlement.*`. Event-sourced: the history is the
product.
"""
