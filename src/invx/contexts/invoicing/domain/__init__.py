"""The rules of invoicing: aggregates, values, events and errors; no I/O, no clock."""
