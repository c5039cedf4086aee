"""The systems of a folder: found by their ids, resolved along their bases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError, HarnessError
from core.plain_text import is_text
from core.settings_problem import SettingsProblem, did_you_mean, shown
from core.time_range import TimeRange
from engine.assembly import with_own_strategy
from systems.life_cycle.criterion import Criterion, read_criterion, require_one_of
from systems.life_cycle.metric_lookup import PARITY, PARITY_WORDS, figure_names
from systems.life_cycle.strategy_epoch import StrategyEpoch
from systems.places import DEFAULT_FOLDER
from systems.system import System
from systems.system_file import ALL_GATES, GATED, SystemFile
from validation.composed_settings import Settings
from validation.config_error import ConfigValidationError
from validation.loading import load_settings
from validation.overrides import Overrides, laid_over

_FAR_FUTURE_MS = 4_102_444_800_000
_CONFIGURATIONS = (".yaml", ".yml", ".json")


def system_ids(folder: str | Path = DEFAULT_FOLDER) -> list[str]:
    """Return the ids of the systems in a folder, in order.

    Raises
    ------
    ConfigurationError
        If there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ConfigurationError(
            f"{folder}: there is no such folder of systems — run where it is, or name it (--systems)"
        )
    return sorted(path.stem for path in Path(folder).glob("*.yaml") if is_text(path.stem))


def read_system(system_id: str, folder: str | Path = DEFAULT_FOLDER, base_of: tuple[str, ...] = ()) -> System:
    """Return a system, resolved and checked.

    Parameters
    ----------
    system_id
        The system's.
    folder
        Where its file is.
    base_of
        The systems that led here, for whose base it stands.

    Raises
    ------
    ConfigurationError
        If there is no such system, or anything in its file or below it is wrong; all problems of one file are named.
    """
    file = _file_of(system_id, Path(folder), base_of)
    written = SystemFile.from_file(file)
    if written.id != system_id:
        wrong = SettingsProblem("id", shown(written.id), f"allowed: {system_id}, as the file is called", str(file))
        raise ConfigValidationError.of(wrong)
    config, below = _base(written, file, (*base_of, system_id))
    overrides = laid_over(below.overrides, written.overrides) if below is not None else written.overrides
    # One's own come first, since the first is the one that criteria speak of.
    windows = written.windows | {
        name: text for name, text in (below.windows if below is not None else {}).items() if name not in written.windows
    }
    promotion = _promotion(written, file, windows) or (below.promotion if below is not None else {})
    settings = _settings(config, Overrides(overrides, str(file)))
    optimise = written.optimise
    if not optimise and below is not None and below.settings.live.strategy.type == settings.live.strategy.type:
        optimise = dict(below.optimise)
    return System(
        id=system_id,
        description=written.description,
        file=file,
        bases=(str(config),) if below is None else (below.id, *below.bases),
        overrides=overrides,
        settings=settings,
        windows=windows,
        tags=written.tags,
        promotion=promotion,
        optimise=optimise,
    )


def _file_of(system_id: str, folder: Path, base_of: tuple[str, ...]) -> Path:
    ids = system_ids(folder)
    file = folder / f"{system_id}.yaml"
    if system_id in ids:
        return file
    # What is to stand on it is none that it could be.
    ids = [one for one in ids if one not in base_of]
    hint = did_you_mean(system_id, ids)
    allowed = f"allowed: {', '.join(ids)}" if ids else f"{folder} holds none"
    if base_of:
        allowed = f"allowed: {', '.join(['a live.yaml', *ids])}"
        wrong = f"{shown(system_id)} is neither a configuration nor a system{hint}"
        raise ConfigValidationError.of(SettingsProblem("base", wrong, allowed, str(folder / f"{base_of[-1]}.yaml")))
    raise ConfigurationError(f"there is no system {shown(system_id)}{hint} — {allowed}")


def _base(written: SystemFile, file: Path, chain: tuple[str, ...]) -> tuple[Path, System | None]:
    """Return the configuration at the bottom, and the system that this one starts from, if it is one."""
    base = written.base
    if not base.endswith(_CONFIGURATIONS):
        if base in chain:
            circle = " -> ".join((*chain[chain.index(base) :], base))
            allowed = "allowed: one that ends at a live.yaml"
            raise ConfigValidationError.of(SettingsProblem("base", f"goes in a circle: {circle}", allowed, str(file)))
        below = read_system(base, file.parent, chain)
        return Path(below.bases[-1]), below
    above = (file.parent, file.parent.parent, file.parent.parent.parent)
    candidates = list(dict.fromkeys(folder / base for folder in (*above, Path())))
    for path in candidates:
        if path.is_file():
            return path, None
    near = [
        path.name for candidate in candidates for path in candidate.parent.glob("*.yaml") if path.parent != file.parent
    ]
    wrong = f"{shown(base)} names no file{did_you_mean(Path(base).name, near)}"
    looked = "looked for " + ", ".join(map(str, candidates))
    raise ConfigValidationError.of(SettingsProblem("base", wrong, looked, str(file)))


def _settings(config: Path, overrides: Overrides) -> Settings:
    settings = load_settings(config, overrides=overrides)
    try:
        return with_own_strategy(settings)
    except ConfigValidationError as error:
        facts = [overrides.placed(problem, {settings.files.live: ()}) for problem in error.facts]
        raise ConfigValidationError.of(*facts) from error


def _promotion(written: SystemFile, file: Path, windows: Mapping[str, str]) -> dict[str, tuple[Criterion, ...]]:
    """Check windows and criteria, and return the criteria by gate; raises with all that is wrong."""
    found: list[SettingsProblem] = []
    for name, text in written.windows.items():
        try:
            TimeRange.from_window_string(text, _FAR_FUTURE_MS)
        except ConfigurationError as error:
            found.append(SettingsProblem(f"windows.{name}", str(error)))
    gates: dict[str, tuple[Criterion, ...]] = {}
    for gate, texts in written.promotion.items():
        read: list[Criterion] = []
        for text in texts:
            try:
                read.append(_criterion(text, windows))
            except ConfigurationError as error:
                found.append(SettingsProblem("promotion", str(error)))
        gates[gate] = tuple(read)
    every = gates.pop(ALL_GATES, ())
    gates = {gate: (*every, *gates.get(gate, ())) for gate in GATED if every or gate in gates}
    if found:
        raise ConfigValidationError.of(*(one.of(str(file)) for one in dict.fromkeys(found)))
    return gates


def _criterion(text: str, windows: Mapping[str, str]) -> Criterion:
    """Return a criterion whose figure is one; raises ConfigurationError with the nearest name."""
    criterion, names = read_criterion(text), figure_names()
    head, _, rest = criterion.figure.partition(".")
    places = {*windows, *StrategyEpoch}
    figure = rest if rest and head in places else criterion.figure
    if figure not in names:
        groups = {name.partition(".")[0] for name in names if "." in name}
        wrong = figure if head in places | groups or not rest else head
        hint = did_you_mean(wrong, names | (places if wrong == head else set()))
        raise ConfigurationError(f"criterion {text!r}: there is no figure or window {shown(wrong)}{hint}")
    if figure.rpartition(".")[2] == PARITY:
        require_one_of(criterion, PARITY_WORDS)
    return criterion


def all_systems(folder: str | Path = DEFAULT_FOLDER) -> dict[str, System | HarnessError]:
    """Return every system of a folder by its id, or what is wrong with it."""
    found: dict[str, Any] = {}
    for system_id in system_ids(folder):
        try:
            found[system_id] = read_system(system_id, folder)
        except HarnessError as error:
            found[system_id] = error
    return found
