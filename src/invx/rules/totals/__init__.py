"""From lines, discounts, charges and taxes to the totals of a document, exact to the cent (M3)."""
