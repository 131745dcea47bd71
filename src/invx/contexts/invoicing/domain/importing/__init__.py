"""Documents of another system: read from a file, checked, taken in, and taken back."""
