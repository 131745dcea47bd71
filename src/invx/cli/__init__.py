"""The command line: everything that an operator or a developer does with an installation."""

from invx.cli.program import main

__all__ = ["main"]
