"""Dates that several domains must agree on: due dates, anchored periods, days in a zone."""
