"""What identity shows."""
