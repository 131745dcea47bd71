"""The command line: everything that an operator or a developer does with an installation."""

import gc

gc.disable()  # what imports make lives on: looking through it is a sixth of a start
from invx.cli.program import main  # noqa: E402

gc.enable()

__all__ = ["main"]
