"""A strategy of one's own as it travels: the files that it is made of, which a worker elsewhere need not have.

Files that it only reads, beside its modules, do not go along.
"""

import dataclasses
import pickle
import sys
from pathlib import Path, PurePosixPath

import msgspec

from backtests.run_plan import RunPlan
from core.errors import ConfigurationError
from strategies.strategy_file import is_file_name, module_of
from strategies.strategy_registry import STRATEGIES
from strategies.strategy_source import own_files


class StrategySources(msgspec.Struct, frozen=True):
    """Files by their place below a folder of their own.

    ``begins_in`` is where below it the path of a strategy begins that is named by its file; None for one of a module,
    which is imported from the folder. ``module`` is what has the class.
    """

    files: dict[str, bytes] = {}
    begins_in: str | None = None
    module: str | None = None

    def put(self, folder: Path) -> None:
        """Write the files."""
        for name, text in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
        if self.begins_in is not None:
            (folder / self.begins_in).mkdir(parents=True, exist_ok=True)

    def placed(self, plan: RunPlan, folder: Path) -> RunPlan:
        """Return a plan whose strategy is that of the files in a folder, which have been put there."""
        if not self.files:
            return plan
        if self.begins_in is None:
            _first_on_the_path(folder)
            return plan
        files = dataclasses.replace(plan.settings.files, strategy_folder=str(folder / self.begins_in))
        return msgspec.structs.replace(plan, settings=dataclasses.replace(plan.settings, files=files))


def sources_of(plan: RunPlan, packed: bytes | None) -> StrategySources:
    """Return the sources of the strategy of a plan, or of an object that was taken apart.

    Raises
    ------
    ConfigurationError
        If they cannot be sent.
    """
    if packed is not None:
        return _of_module(type(pickle.loads(packed)[1]).__module__)
    name = plan.settings.live.strategy.type
    if name in STRATEGIES:
        return StrategySources()
    if not is_file_name(name):
        return _of_module(name.partition(":")[0])
    path = PurePosixPath(name.rpartition(":")[0] or name)
    ups = sum(part == ".." for part in path.parts)
    begins_in = PurePosixPath(*["in"] * (ups + 1))
    place = PurePosixPath(*begins_in.parts[: len(begins_in.parts) - ups], *path.parts[ups:])
    module = module_of(plan.settings.files.strategy_at(name))
    found = own_files(module)
    files = {str(place): found.pop(module).read_bytes()}
    files |= {str(place.parent / _place(one, file)): file.read_bytes() for one, file in found.items()}
    return StrategySources(files, str(begins_in))


def _of_module(module: str) -> StrategySources:
    if module == "__main__":
        raise ConfigurationError(
            "the class of the strategy is one of a script, which a worker does not have — allowed: a class of a module"
        )
    files = {str(_place(one, file)): file.read_bytes() for one, file in own_files(module).items()}
    return StrategySources(files, None, module)


def _place(module: str, file: Path) -> PurePosixPath:
    place = PurePosixPath(*module.split("."))
    return place / file.name if file.stem == "__init__" else place.with_name(place.name + file.suffix)


def _first_on_the_path(folder: Path) -> None:
    """Let modules be imported from a folder before all others."""
    text = str(folder)
    if sys.path[:1] != [text]:
        sys.path[:] = [text, *(one for one in sys.path if one != text)]
