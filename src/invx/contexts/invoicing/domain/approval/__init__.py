"""Approvals: who has to agree before a document is finalized, and who did."""
