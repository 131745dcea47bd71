"""The pure vocabulary of every context: standard library only, no clock, no randomness, no I/O."""
