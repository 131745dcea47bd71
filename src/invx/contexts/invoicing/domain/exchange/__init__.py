"""Rates of exchange, and what they make of documents and money."""
