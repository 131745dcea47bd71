"""What analytics shows: queries and views."""
