"""The HTTP face of invoicing."""
