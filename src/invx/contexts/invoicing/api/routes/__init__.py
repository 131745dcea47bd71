"""The routes of invoicing, one module per resource."""
