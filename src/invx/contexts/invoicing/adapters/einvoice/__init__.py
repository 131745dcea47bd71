"""E-invoices: one semantic model, written and read in every syntax."""
