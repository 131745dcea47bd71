"""How a document leaves the house, and what authorities say of it."""
