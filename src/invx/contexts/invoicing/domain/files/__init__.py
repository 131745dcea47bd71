"""Uploaded files, which documents name as their attachments (BG-24)."""
