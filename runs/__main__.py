"""``python -m runs``: list, show, compare, tag, note, rm, sync, export, dataset, jobs."""

import sys
from collections.abc import Sequence

from core.command_line import exit_code_of
from runs.commands.arguments import parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(arguments), "interrupted; what was read is kept")


def _run(arguments: Sequence[str] | None) -> int:
    asked = parse(arguments)
    code: int = asked.verb_of(asked)
    return code


if __name__ == "__main__":
    sys.exit(main())
