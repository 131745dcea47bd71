"""Closed periods of a legal entity: what they refuse, and where late things go instead (D5)."""
