"""``new``: a strategy to start from, its test, and a configuration that runs it on the practice market."""

import contextlib
import keyword
import os
import re
import shlex
import sys
from pathlib import Path

from core.command_line import say
from core.errors import ConfigurationError, StoreError
from core.settings_problem import shown
from strategies.commands.starting_files import CONFIGURATION, STRATEGY, TEST
from strategies.strategy_registry import STRATEGIES

_SHIPPED = Path(__file__).resolve().parents[2] / "config"
_LIMITS = ("risk.json", "trading_mode.yaml")


def new_strategy(name: str, folder: Path) -> None:
    """Write ``name.py``, ``test_name.py`` and ``name.yaml``, and print the commands to run next.

    Where neither the folder nor the working directory has the risk limits that every configuration needs, those of the
    program are written into ``config/`` of the folder. Either everything is written, or nothing.

    Raises
    ------
    ConfigurationError
        If the name is no name of a module, or taken, or one of the files is there.
    StoreError
        If a file cannot be written.
    """
    _require_name(name)
    texts = {
        folder / f"{name}.py": STRATEGY,
        folder / f"test_{name}.py": TEST,
        folder / f"{name}.yaml": CONFIGURATION,
    }
    words = {"NAME": name, "CLASS": "".join(part.capitalize() for part in name.split("_"))}
    files = {path: re.sub("@(NAME|CLASS)@", lambda found: words[found[1]], text) for path, text in texts.items()}
    files |= _missing_limits(folder)
    there = [str(path) for path in texts if os.path.lexists(path)]
    if there:
        raise ConfigurationError(f"{', '.join(there)}: there already, nothing was written; take another name or folder")
    _write(files)
    say(*(f"wrote {path}" for path in files), "", *_next(name, folder))


def _next(name: str, folder: Path) -> list[str]:
    """Return what can be run now, in words and then as commands for this working directory."""
    python, config = shlex.quote(_from_here(Path(sys.executable))), shlex.quote(str(folder / f"{name}.yaml"))
    where = "" if folder == Path() else f"discover --start-directory {shlex.quote(str(folder))} --pattern "
    test = f"{where}test_{name}.py" if where else f"test_{name}"
    paper = shlex.quote(_from_here(_SHIPPED.parent / "run_live.py"))
    return [
        "Next: its test, a month on the practice market, and a day on paper against the practice exchange",
        "",
        f"{python} -m unittest {test}",
        f"{python} -m backtests.config_backtest --config {config} --start 2024-01-01 --end 2024-02-01",
        f"{python} {paper} --config {config} --practice-start 2024-01-01 --speed 20000 --for 1d --quiet",
    ]


def _require_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ConfigurationError(f"{shown(name)} — allowed: small letters, digits and _, such as my_idea")
    if name in STRATEGIES or name in sys.stdlib_module_names or (_SHIPPED.parent / name).exists():
        raise ConfigurationError(f"{shown(name)} is a name of the program or of Python; take another one")


def _missing_limits(folder: Path) -> dict[Path, str]:
    """Return the files of limits that a configuration in the folder would not find, with the program's text."""
    bases = (folder, folder.parent, Path())
    missing = [file for file in _LIMITS if not any((base / "config" / file).is_file() for base in bases)]
    try:
        return {folder / "config" / file: (_SHIPPED / file).read_text(encoding="utf-8") for file in missing}
    except OSError as error:
        raise StoreError.of("read", _SHIPPED, error) from error


def _write(files: dict[Path, str]) -> None:
    """Write files that are not there; where one fails, those before it are taken back."""
    done: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                done.append(path)
                file.write(text)
    except OSError as error:
        for path in done:
            with contextlib.suppress(OSError):
                path.unlink()
        raise StoreError.of("write", path, error) from error


def _from_here(path: Path) -> str:
    """Return a path of this installation, as short as it is from the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
