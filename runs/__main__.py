"""``python -m runs``: list, show, compare, tag, note, rm, sync, export, dataset."""

import sys
from collections.abc import Sequence

from core.command_line import INTERRUPTED, drop_output, failed
from core.errors import HarnessError
from runs.commands.arguments import parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    try:
        asked = parse(arguments)
        code: int = asked.verb_of(asked)
        sys.stdout.flush()
    except HarnessError as error:
        return failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        return failed("interrupted; what was read is kept", INTERRUPTED)
    except BrokenPipeError:
        drop_output()
        return 1
    except OSError as error:
        drop_output()
        return failed(f"cannot write the output ({error.strerror or error})", 1)
    return code


if __name__ == "__main__":
    sys.exit(main())
