"""Channels: where documents leave the house. See docs/transmissions.md."""
