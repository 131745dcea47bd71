"""What stands on the sheet: the invoice resource turned into the view that the template draws."""
