"""What accountants and auditors are given: DATEV files, plain tables, data access."""
