"""Tests of your own against a real Invx: no Docker, a sandbox for each test, a clock that moves.

With pytest, `invx.testing.plugin` is there by itself: take the fixture `sandbox`. See
docs/sandboxes.md.
"""
