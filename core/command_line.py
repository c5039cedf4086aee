"""What every command of the program does alike: bad input is a line on standard error and an exit code."""

import argparse
import os
import sys
from typing import NoReturn

from core.errors import ConfigurationError

INTERRUPTED = 130
"""Exit code of a command that was interrupted."""


class CommandParser(argparse.ArgumentParser):
    """Reports a bad argument like every other bad input: as one line."""

    def error(self, message: str) -> NoReturn:
        """Raise the ConfigurationError of a bad argument."""
        raise ConfigurationError(f"{message} (see {self.prog} --help)")


def failed(message: str, code: int) -> int:
    """Print a message, ``error:`` before each line, and return the exit code."""
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
    return code


def drop_output() -> None:
    """Point standard output nowhere, so that closing it at exit does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
