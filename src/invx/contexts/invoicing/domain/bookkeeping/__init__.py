"""Accounts, the journal and its exports: what accounting is told."""
