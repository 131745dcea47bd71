"""Which e-invoice a document goes out as, and what that asks of it."""
