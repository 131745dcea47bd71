"""One implementation of each mechanism, knowing no context."""
