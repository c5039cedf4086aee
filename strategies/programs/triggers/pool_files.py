"""Pools in files: ``ID.yaml`` in a folder of pools."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from core.errors import ConfigurationError
from core.settings_file import read_settings_file
from core.settings_problem import SettingsProblem, did_you_mean
from strategies.programs.triggers.pool_settings import pool_of, require_id
from strategies.programs.triggers.signal_pool import SignalPool

FOLDER = "programs/pools"
"""Where pools lie, below the folder of a configuration or the working directory."""
SHIPPED = Path(__file__).resolve().parents[3] / FOLDER
"""Where those lie that come with the program."""
_SUFFIX = ".yaml"


def pool_folders(*bases: str | Path) -> tuple[Path, ...]:
    """Return the folders in which a pool is looked for by its id, one after the other.

    They are those below the bases, by default the working directory, then that of the shipped ones.
    """
    return (*(Path(base) / FOLDER for base in bases or (Path(),)), SHIPPED)


def pool_ids(folders: Sequence[str | Path]) -> dict[str, Path]:
    """Return the file of every pool in some folders by its id, in order of the ids; of two the earlier folder's."""
    found: dict[str, Path] = {}
    for folder in map(Path, folders):
        if folder.is_dir():
            for path in folder.glob(f"*{_SUFFIX}"):
                found.setdefault(path.name.removesuffix(_SUFFIX), path)
    return dict(sorted(found.items()))


def _other_suffix(id_: str, folders: Sequence[str | Path]) -> str:
    """Return in brackets what a pool lies in whose file is called otherwise; empty where there is none."""
    found = [Path(folder) / f"{id_}.{suffix}" for folder in folders for suffix in ("yml", "json")]
    return next((f" ({one.as_posix()} is not called {id_}{_SUFFIX})" for one in found if one.is_file()), "")


def read_pool(path: str | Path) -> SignalPool:
    """Return the pool of a file.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, or what it holds is no pool; each line names file, line and key.
    """
    path = Path(path)
    values = read_settings_file(path)
    try:
        return pool_of(values, path.name.removesuffix(path.suffix), path.as_posix())
    except ConfigurationError as error:
        raise ConfigurationError.of(*(placed(fact, path) for fact in error.facts)) from None


def placed(problem: SettingsProblem, path: str | Path) -> SettingsProblem:
    """Return a problem of a pool as one of its file, with the line of its key where the file has it: ``FILE:3``."""
    line = _line_of(Path(path), re.findall(r"[^.\[\]]+", problem.key))
    return problem.of(Path(path).as_posix() if line is None else f"{Path(path).as_posix()}:{line}")


def _line_of(path: Path, parts: Sequence[str]) -> int | None:
    """Return the line of the last part of a key that a file has; None where it has not even the first."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    line = None
    for part in parts:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if getattr(key, "value", None) == part), None)
        elif isinstance(node, yaml.SequenceNode) and part.isdecimal() and int(part) < len(node.value):
            found = (node.value[int(part)],) * 2
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def pools_of(ids: Sequence[str], folders: Sequence[str | Path] | None = None) -> tuple[SignalPool, ...]:
    """Return the pools of the files that :func:`files_of` finds; errors also as of :func:`read_pool`."""
    return tuple(read_pool(path) for path in files_of(ids, folders).values())


def files_of(ids: Sequence[str], folders: Sequence[str | Path] | None = None) -> Mapping[str, Path]:
    """Return the files of some pools by their ids, in the order in which they are named.

    Parameters
    ----------
    ids
        The files' names without ``.yaml``.
    folders
        Where they are looked for, one after the other; by default those of :func:`pool_folders`.

    Raises
    ------
    ConfigurationError
        If an id is none, stands twice, or has no file.
    """
    folders = pool_folders() if folders is None else folders
    files = pool_ids(folders)
    for number, one in enumerate(ids):
        require_id(one)
        if one not in files:
            places = " and ".join(str(Path(folder).as_posix()) for folder in folders)
            there = ", ".join(files) or "none"
            hint = _other_suffix(one, folders) or did_you_mean(one, files)
            raise ConfigurationError(f"pool {one}: there is none in {places}{hint} — allowed: {there}")
        if one in ids[:number]:
            raise ConfigurationError(f"pool {one} stands twice — allowed: each pool once")
    return {one: files[one] for one in ids}
