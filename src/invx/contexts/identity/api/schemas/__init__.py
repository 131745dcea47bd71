"""Bodies of the identity API, a module per topic; each is imported from its own."""
