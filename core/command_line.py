"""What every command of the program does alike: bad input is a line on standard error and an exit code."""

import argparse
import importlib
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from core.errors import ConfigurationError, HarnessError
from core.plain_text import escaped, escaped_lines
from core.settings_problem import shown

INTERRUPTED = 130
"""Exit code of a command that was interrupted."""
READER_GONE = 141
"""Exit code of a command whose reader has closed the pipe: what a shell shows of one that the system ends for it."""


class CommandParser(argparse.ArgumentParser):
    """Reports a bad argument like every other bad input: as one line."""

    def error(self, message: str) -> NoReturn:
        """Raise the ConfigurationError of a bad argument."""
        raise ConfigurationError(f"{message} (see {self.prog} --help)")


def file_named(option: str, path: Path, example: str) -> Path:
    """Return where a file is to be written that takes the place of what is there; where a link leads, if it is one.

    Raises
    ------
    ConfigurationError
        If a folder is there, of which ``example`` may stand in it, or what a file must not take the place of: a device,
        a pipe.
    """
    if path.is_dir():
        raise ConfigurationError(f"{option} {path}: is a folder — allowed: a file, such as {path / example}")
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"{option} {path}: is a device or a pipe — allowed: the name of a file")
    return path.resolve() if path.is_symlink() else path


def require_open_files(least: int, what: str) -> None:
    """Let this process open as many files and connections as a command needs.

    Raises
    ------
    ConfigurationError
        If the system allows fewer, and does not let the process raise the limit itself.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= least:
        return
    if most != resource.RLIM_INFINITY and most < least:
        raise ConfigurationError(
            f"this process may open {most} files and connections at once, {what} needs {least}; allow more in the "
            "shell that starts it (ulimit -n 1024), or in its service (LimitNOFILE=1024)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))


def failed(message: str, code: int) -> int:
    """Print a message, ``error:`` before each line, and return the exit code."""
    for line in message.split("\n") if message else ():
        print(f"error: {escaped(line)}", file=sys.stderr)
    return code


def warn(message: object) -> None:
    """Print a warning on standard error."""
    print(f"warning: {escaped(message)}", file=sys.stderr)


def say(*lines: object) -> None:
    """Print lines on standard output; what they quote from outside is escaped and begins no line of its own."""
    sys.stdout.write("".join(f"{escaped(line)}\n" for line in lines))


def say_text(text: str) -> None:
    """Print a text of several lines, a JSON document perhaps, each of its lines escaped."""
    sys.stdout.write(escaped_lines(text))


def drop_output() -> None:
    """Point standard output nowhere, so that closing it at exit does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def exit_code_of(work: Callable[[], int], interrupted: str = "interrupted") -> int:
    """Do a command's work and return its exit code; what goes wrong is one line on standard error.

    A reader that went away is none: it has what it wanted. What cannot be written otherwise is told.
    """
    _open_streams()
    try:
        code = work()
        sys.stdout.flush()
    except HarnessError as error:
        return failed(str(error), error.exit_code)
    except KeyboardInterrupt as interrupt:
        return failed(str(interrupt) or interrupted, INTERRUPTED)
    except BrokenPipeError:
        drop_output()
        return READER_GONE
    except OSError as error:
        why = error.strerror or str(error)
        if error.filename is not None:
            return failed(f"cannot use {shown(str(error.filename))} ({why})", 1)
        drop_output()
        return failed(f"cannot write the output ({why})", 1)
    return code


def _open_streams() -> None:
    """Open what the process was begun without (``>&-``) as nothing: no file of its own may take that number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


def run_verb(
    package: str, verbs: Mapping[str, tuple[str, str]], arguments: Sequence[str], *, description: str, epilog: str
) -> int:
    """Run one verb of ``python -m package`` and return its exit code; only its module is imported.

    ``verbs`` names for each the module of the package's ``commands`` that has it, and what it does.
    """
    wanted = next((one for one in arguments if one in verbs), None)
    module: Any = None if wanted is None else importlib.import_module(f"{package}.commands.{verbs[wanted][0]}")
    parser = CommandParser(
        prog=f"python -m {package}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=CommandParser)
    for name, (_, words) in verbs.items():
        verb = added.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False)
        if name == wanted:
            module.add_arguments(verb)
    asked = parser.parse_args(arguments)
    code: int = module.run(asked)
    return code
