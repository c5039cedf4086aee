"""Settings read back from the resolved form that a manifest holds."""

from collections.abc import Mapping

from core.settings_problem import SettingsProblem, shown
from core.settings_section import Section, section_or_problems
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.composed_settings import Settings, SettingsFiles
from validation.config_error import ConfigValidationError
from validation.live_settings import LiveSettings
from validation.portfolio_settings import PortfolioFeed, portfolio_of_resolved

SECTIONS = ("live", "risk", "trading_mode")
PORTFOLIO = "portfolio"
"""Beside the sections, where they are those by which a portfolio's candles come in."""


def settings_from_resolved(
    resolved: Mapping[str, object], source: str = "manifest.json", strategy_folder: str | None = None
) -> Settings:
    """Return the settings that :meth:`validation.composed_settings.Settings.resolved` wrote.

    What was resolved once is not resolved again: names are canonical, strategy parameters complete, and no file is
    read. The result has the ``settings_sha256`` of the settings that were written.

    Parameters
    ----------
    resolved
        The sections ``live``, ``risk`` and ``trading_mode``, as JSON gives them back.
    source
        What the values were read from; error messages begin with it.
    strategy_folder
        Where the path to a strategy's file begins; None is the folder of ``source``.

    Raises
    ------
    ConfigurationError
        If a section is missing or breaks a rule; all problems are named.
    """
    allowed = "allowed: " + ", ".join(SECTIONS)
    unknown = sorted(set(resolved) - {*SECTIONS, PORTFOLIO})
    found = [SettingsProblem(key, "unknown section", allowed) for key in unknown]

    def section(model: type[Section], name: str) -> Section | None:
        values = resolved.get(name)
        if not isinstance(values, Mapping):
            wrong = "is missing" if values is None else f"holds {shown(values)}"
            found.append(SettingsProblem(name, wrong, "allowed: a section"))
            return None
        checked, problems = section_or_problems(model, values, f"{name}.")
        found.extend(problems)
        return checked

    live = section(LiveSettings, "live")
    risk = section(RiskConfig, "risk")
    mode = section(TradingModeSettings, "trading_mode")
    if live is None or risk is None or mode is None or found:
        raise ConfigValidationError.of(*(problem.of(source) for problem in found))
    files = SettingsFiles(source, source, source, strategy_folder)
    own = resolved.get(PORTFOLIO)
    if not isinstance(own, Mapping):
        return Settings(live, risk, mode, files)
    portfolio = portfolio_of_resolved(own, lambda one: settings_from_resolved(one, source, strategy_folder), source)
    return PortfolioFeed(live, risk, mode, files, portfolio)
