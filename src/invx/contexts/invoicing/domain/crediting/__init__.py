"""What of a document is left to be credited, and what a credit takes of it."""
