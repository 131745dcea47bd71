"""The use cases of invoicing, one file each."""
