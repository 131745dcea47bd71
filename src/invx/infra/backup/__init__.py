"""Backups of the embedded PostgreSQL, and restoring them (docs/operations/backup.md)."""
