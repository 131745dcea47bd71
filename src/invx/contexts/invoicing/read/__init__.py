"""What the rows and lists of invoicing look like: projections, queries, views."""
