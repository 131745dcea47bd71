"""The published language: what contexts may know of each other, one module per context."""
