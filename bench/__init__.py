"""What Invx costs per request, against the ceiling that its own SQL sets: `python -m bench`."""
