"""The main job on real input: official e-invoices in, equal documents out.

Reads e-invoices of EN 16931 (UBL 2.1 and CII D16B), re-enters what their authors decided through
the public API, and compares what the API computed with what the source states. It knows nothing of
the inside: a client like any other.
"""
