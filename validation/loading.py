"""From the three files to checked settings, or to one error that names everything wrong with them."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.settings_file import Plain, read_settings_file
from core.settings_problem import SettingsProblem, shown
from core.settings_section import Section, section_or_problems, written
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.composed_settings import Settings, SettingsFiles
from validation.config_error import ConfigValidationError
from validation.cross_checks import (
    across_files,
    of_exchange,
    risk_within_limits,
    with_leverages,
    with_strategy,
    without_other_leverages,
)
from validation.hints import with_hint
from validation.live_settings import LiveSettings, RiskSource
from validation.overrides import RISK, TRADING_MODE, Overrides
from validation.program_section import Surroundings

DEFAULT_CONFIG = "config/live.yaml"
TRADING_MODE_FILE = "trading_mode.yaml"
RISK_FILE = "risk.json"

_OVERRIDES = {
    "symbols": ("symbols",),
    "interval": ("timeframe",),
    "data_dir": ("data", "cache_dir"),
}


def load_settings(
    config_path: str | Path = DEFAULT_CONFIG,
    *,
    base_path: str | Path | None = None,
    symbols: Sequence[str] | None = None,
    interval: str | None = None,
    data_dir: str | Path | None = None,
    live: Mapping[str, Plain] | None = None,
    overrides: Overrides | None = None,
) -> Settings:
    """Return the settings that a live.yaml and the two files that belong to it describe.

    The trading mode is ``trading_mode.yaml`` beside the live.yaml, else ``config/trading_mode.yaml`` below a base, and
    the risk settings likewise, unless ``risk.config_file`` names them; a relative one starts at a base. Bases, in this
    order: the folder of the live.yaml, the folder above it, the working directory; the first file that exists is taken.

    Parameters
    ----------
    config_path
        The live.yaml.
    base_path
        If given, the only base beside the folder of the live.yaml.
    symbols, interval, data_dir
        If given, they replace ``symbols``, ``timeframe`` and ``data.cache_dir`` of the file.
        ``symbols`` may also be one text with commas.
    live
        If given, it stands in the place of what the live.yaml holds, which need not be there; the other two files are
        looked for as if it were. Problems of it name ``config``.
    overrides
        If given, values over those of the three files; the arguments above stand over them.

    Raises
    ------
    ConfigValidationError
        If anything is wrong with the files or the arguments; all problems are named.
    """
    given: dict[str, Plain] = {}
    if symbols is not None:
        given["symbols"] = _listed(symbols)
    for name, value in (("interval", interval), ("data_dir", data_dir)):
        if value is not None:
            given[name] = str(value)
    folder = Path(config_path).parent
    bases = [folder, folder.parent, Path()] if base_path is None else [folder, Path(base_path)]
    return _Loading(Path(config_path), bases, given, live, overrides).settings()


def load_limits(config_path: str | Path, *, base_path: str | Path) -> tuple[RiskConfig, TradingModeSettings]:
    """Return the risk settings and the trading mode of a folder that has no live.yaml, where it would look for them.

    Raises
    ------
    ConfigValidationError
        If a file is missing or anything is wrong with them; all problems are named.
    """
    return _Loading(Path(config_path), [Path(config_path).parent, Path(base_path)], {}, {}).limits()


def _listed(symbols: Sequence[str]) -> Plain:
    """Return symbols as a list, also where they are one text with commas; what is no list is left to be refused."""
    if isinstance(symbols, str):
        return [name.strip() for name in symbols.split(",")]
    if isinstance(symbols, Set):
        # It has no order, and that of the symbols decides who takes the last free slot.
        return f"a set of {len(symbols)}"
    return [*symbols] if isinstance(symbols, Iterable) else symbols


class _Loading:
    """One pass over the files that keeps going after a problem, so that all of them are named at once."""

    def __init__(
        self,
        live_file: Path,
        bases: list[Path],
        arguments: dict[str, Plain],
        live: Mapping[str, Plain] | None,
        overrides: Overrides | None = None,
    ) -> None:
        self.live_file = live_file
        self.bases = bases
        self.arguments = arguments
        self.given = live
        self.over = overrides or Overrides({}, "")
        self.found: list[SettingsProblem] = []

    def settings(self) -> Settings:
        given = self.given
        live_values = self.values_of(self.live_file) if given is None else given
        live_values = self.overridden(None if live_values is None else written(LiveSettings, live_values))
        risk_file = self.risk_file(live_values)
        mode_file = self.mode_file()
        risk = self.section(RiskConfig, risk_file, RISK)
        mode = self.section(TradingModeSettings, mode_file, TRADING_MODE)
        live = self.live(live_values, mode.default_strategy if mode else None, mode_file)
        if live and risk and mode and risk_file and mode_file:
            files = SettingsFiles(str(self.live_file), str(risk_file), str(mode_file))
            risk, problems = across_files(live, risk, mode, files)
            self.found += problems
            if not self.found:
                return Settings(live, risk, mode, files)
        places = {str(self.live_file): (), str(risk_file): (RISK,), str(mode_file): (TRADING_MODE,)}
        raise ConfigValidationError.of(*(self.over.placed(problem, places) for problem in self.found))

    def limits(self) -> tuple[RiskConfig, TradingModeSettings]:
        risk_file, mode_file = self.risk_file({}), self.mode_file()
        risk = self.section(RiskConfig, risk_file, RISK)
        mode = self.section(TradingModeSettings, mode_file, TRADING_MODE)
        if risk and mode:
            self.found += risk_within_limits(risk, mode, str(risk_file), str(mode_file))
            if not self.found:
                return risk, mode
        raise ConfigValidationError.of(*self.found)

    def live(
        self, values: dict[str, Plain] | None, default_strategy: str | None, mode_file: Path | None
    ) -> LiveSettings | None:
        if values is None:
            return None
        live, problems = section_or_problems(LiveSettings, values)
        problems = [with_hint(problem, LiveSettings) for problem in problems]
        exchange, exchange_problems = of_exchange(values)
        wrong = {problem.key for problem in problems}
        problems += [problem for problem in exchange_problems if problem.key not in wrong]
        strategy, strategy_problems = with_strategy(
            values.get("strategy", {}),
            default_strategy,
            Surroundings.of(self.bases, values, LiveSettings.model_fields["timeframe"].default),
        )
        for problem in strategy_problems:
            if problem.key == "default_strategy":
                self.found.append(problem.of(str(mode_file)))
            elif problem.key not in wrong:
                problems.append(problem)
        self.found += [self.placed(problem) for problem in problems]
        if live is None or exchange is None or strategy is None:
            return None
        return with_leverages(live.model_copy(update={"exchange": exchange, "strategy": strategy}))

    def placed(self, problem: SettingsProblem) -> SettingsProblem:
        """Name the argument instead of the file where an argument replaced the key."""
        for name in self.arguments:
            key = ".".join(_OVERRIDES[name])
            if problem.key == key or problem.key.startswith(f"{key}["):
                return problem._replace(key=name + problem.key[len(key) :], file="argument")
        return problem.of(str(self.live_file) if self.given is None else "config")

    def overridden(self, values: dict[str, Plain] | None) -> dict[str, Plain] | None:
        if values is None:
            return None
        selected = self.arguments.get("symbols", self.over.values.get("symbols"))
        if isinstance(selected, list):
            without_other_leverages(values, [symbol for symbol in selected if isinstance(symbol, str)])
        values = self.over.live(values)
        for name, value in self.arguments.items():
            *section, key = _OVERRIDES[name]
            target: Plain = values
            for part in section:
                target = target.setdefault(part, {}) if isinstance(target, dict) else None
            if isinstance(target, dict):
                target[key] = value
        return values

    def risk_file(self, values: dict[str, Plain] | None) -> Path | None:
        if values is None:
            return None
        default = RiskSource().config_file
        section = values.get("risk", {})
        written = section.get("config_file", default) if isinstance(section, dict) else default
        if not isinstance(written, str) or not written:
            return None
        named = isinstance(section, dict) and "config_file" in section
        beside = [] if named else [self.live_file.parent / RISK_FILE]
        found = self.first_file([*beside, *(base / written for base in self.bases)])
        if isinstance(found, Path):
            return found
        wrong = f"{shown(written)} names no file"
        self.found.append(SettingsProblem("risk.config_file", wrong, f"looked for {found}", str(self.live_file)))
        return None

    def mode_file(self) -> Path | None:
        beside = self.live_file.parent / TRADING_MODE_FILE
        found = self.first_file([beside, *(base / "config" / TRADING_MODE_FILE for base in self.bases)])
        if isinstance(found, Path):
            return found
        self.found.append(SettingsProblem("", "there is no such file", f"looked for {found}", TRADING_MODE_FILE))
        return None

    @staticmethod
    def first_file(candidates: Sequence[Path]) -> Path | str:
        """Return the first path that is a file, or in words where none was found."""
        distinct = list(dict.fromkeys(candidates))
        for path in distinct:
            if _is_file(path):
                return path
        return ", ".join(ascii(str(path))[1:-1] for path in distinct)

    def values_of(self, path: Path) -> dict[str, Plain] | None:
        try:
            return read_settings_file(path)
        except ConfigurationError as error:
            self.found += error.facts
            return None

    def section(self, model: type[Section], path: Path | None, name: str) -> Section | None:
        values = None if path is None else self.values_of(path)
        if values is None:
            return None
        laid: Any = self.over.section(name, values)
        section, problems = section_or_problems(model, laid)
        self.found += [with_hint(problem, model).of(str(path)) for problem in problems]
        return section


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
