"""``python -m practice``: the practice exchange."""

import sys
from collections.abc import Sequence

from core.command_line import failed
from core.errors import HarnessError
from practice.practice_command import parse_arguments, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the exchange and return the exit code; what goes wrong is one line on standard error."""
    try:
        return run(parse_arguments(arguments))
    except HarnessError as error:
        return failed(str(error), error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
