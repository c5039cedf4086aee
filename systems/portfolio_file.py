"""Portfolios by name: ``config/portfolios/<id>.yaml``, and what one comes to when everything is resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, did_you_mean, shown
from core.settings_section import Allowed, PlainText
from core.time_range import TimeRange
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import with_own_strategy
from systems.catalogue import read_system
from systems.life_cycle.epoch_files import one_line
from systems.life_cycle.system_runners import placed
from systems.places import Places
from systems.system_file import ID_WORDS, is_system_id
from validation.composed_settings import Settings
from validation.config_error import ConfigValidationError
from validation.loading import load_settings
from validation.portfolio_settings import PortfolioSettings, PortfolioTerms, compose_portfolio

FOLDER = "portfolios"
"""Where portfolios lie, beside the folder of systems."""
_CONFIGURATIONS = (".yaml", ".yml", ".json")
_TERMS = tuple(PortfolioTerms.model_fields)


def _portfolio_id(name: str) -> str:
    if not is_system_id(name):
        raise ValueError("is no id")
    return name


def _as_windows(value: object) -> object:
    """Let a year stand without quotes."""
    if not isinstance(value, Mapping):
        return value
    return {name: str(one) if type(one) is int else one for name, one in value.items()}


class PortfolioFile(PortfolioTerms):
    """Everything the file of a portfolio holds."""

    id: Annotated[str, AfterValidator(_portfolio_id), Allowed(f"the name of the file: {ID_WORDS}")] = Field(
        description="Names the portfolio; the file is called so too"
    )
    description: PlainText = Field(description="What it is for, in a line")
    members: Annotated[
        dict[str, PlainText],
        Allowed("for each name a system's id, its id@uid to hold it to a version, or a live.yaml"),
    ] = Field(description="The systems, each under a name of its own")
    windows: Annotated[
        dict[str, Annotated[str, Allowed("a window such as 2024-01, 2024-01..2024-06 or last 90d")]],
        BeforeValidator(_as_windows),
        Allowed("a section with a window for each name"),
    ] = Field(default_factory=dict, description="Ranges of time by name; the first is run where none is named")


@dataclass(frozen=True)
class Portfolio:
    """A portfolio with its settings checked; ``systems`` is what each member was named as."""

    id: str
    description: str
    file: Path
    settings: PortfolioSettings
    systems: Mapping[str, str]
    windows: Mapping[str, str]

    def window(self, name: str | None, now_ms: int) -> tuple[str, TimeRange]:
        """Return a window as it is now, and its name: by its name, by its text (``2024-01``), or the first.

        Raises
        ------
        ConfigurationError
            If there is none, or it lies in the future.
        """
        if name is None:
            if not self.windows:
                raise ConfigurationError(f"{self.file}: names no window — allowed: --window with one such as 2024-01")
            name = next(iter(self.windows))
        present_ms = floor_to_grid(now_ms, timeframe_ms(self.settings.first.timeframe))
        try:
            return name, TimeRange.from_window_string(self.windows.get(name, name), present_ms).known_by(present_ms)
        except ConfigurationError as error:
            if name in self.windows:
                raise ConfigurationError(f"{self.file}: windows.{name}: {error}") from None
            allowed = f"allowed: {', '.join(self.windows)}, or a window such as 2024-01, 2024-01..2024-06, last 90d"
            hint = did_you_mean(name, self.windows)
            raise ConfigurationError(f"{self.id} has no window {shown(name)}{hint} — {allowed}") from None


def read_portfolio(name: str, places: Places) -> Portfolio:
    """Return a portfolio, resolved and checked.

    Parameters
    ----------
    name
        Its id, or the path of its file.
    places
        Where systems are; portfolios lie beside their folder.

    Raises
    ------
    ConfigurationError
        If there is no such portfolio, or anything in its file or below it is wrong.
    """
    file = _file_of(name, Path(places.systems).parent / FOLDER)
    written = PortfolioFile.from_file(file)
    if written.id != file.stem:
        wrong = SettingsProblem("id", shown(written.id), f"allowed: {file.stem}, as the file is called", str(file))
        raise ConfigValidationError.of(wrong)
    members = {member: _member(member, text, file, places) for member, text in written.members.items()}
    terms = PortfolioTerms.model_validate({key: getattr(written, key) for key in _TERMS})
    settings = compose_portfolio(written.id, terms, members, str(file))
    return Portfolio(written.id, written.description, file, settings, written.members, written.windows)


def _file_of(name: str, folder: Path) -> Path:
    if name.endswith(_CONFIGURATIONS):
        return Path(name)
    there = sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []
    if name in there:
        return folder / f"{name}.yaml"
    allowed = f"allowed: {', '.join(there)}" if there else f"{folder} holds none"
    raise ConfigurationError(f"there is no portfolio {shown(name)}{did_you_mean(name, there)} — {allowed}")


def _member(member: str, text: str, file: Path, places: Places) -> Settings:
    """Return the settings of what a member names; what is wrong with it is said with its place."""
    try:
        return placed(_settings_of(text, file, places), places)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: members.{member}: {one_line(error)}") from error


def _settings_of(text: str, file: Path, places: Places) -> Settings:
    if text.endswith(_CONFIGURATIONS):
        above = (file.parent, file.parent.parent, file.parent.parent.parent, Path())
        found = next((folder / text for folder in above if (folder / text).is_file()), None)
        if found is None:
            looked = ", ".join(str(folder / text) for folder in above)
            raise ConfigurationError(f"{shown(text)} names no file — looked for {looked}")
        return with_own_strategy(load_settings(found))
    system_id, _, version = text.partition("@")
    system = read_system(system_id, places.systems)
    if version and not system.uid.startswith(version):
        raise ConfigurationError(
            f"{system_id} is now {system.uid}, not {shown(version)} — allowed: "
            f"{system_id}@{system.uid}, or its id alone"
        )
    return system.settings
