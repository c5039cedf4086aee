"""The whole configuration of a session: the three files, checked and with every default filled in."""

import functools
from dataclasses import dataclass
from pathlib import Path

from core.settings_file import Plain
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from strategies.strategy_file import is_file_name
from validation.live_settings import LiveSettings
from validation.settings_hash import settings_hash


@dataclass(frozen=True)
class SettingsFiles:
    """The files the settings were read from."""

    live: str
    risk: str
    trading_mode: str
    strategy_folder: str | None = None
    """Where the path to a strategy's file begins; None is the folder of ``live``."""

    def strategy_at(self, name: str) -> str:
        """Return the name of a strategy with the place of its file, if it has one, in it."""
        folder = Path(self.live).parent if self.strategy_folder is None else Path(self.strategy_folder)
        if not is_file_name(name):
            return name
        # A link's own parent is not meant.
        return str((folder.resolve() if name.startswith("..") else folder) / name)


@dataclass(frozen=True)
class Settings:
    """Checked settings: ``live`` (live.yaml), ``risk`` (risk.json), ``mode`` (trading_mode.yaml).

    The exchange and the strategy have their one name, ``live.strategy.params`` is complete, and
    ``risk.base_account_size`` and ``risk.default_slippage`` equal ``live.execution.starting_balance`` and
    ``live.execution.slippage``.
    """

    live: LiveSettings
    risk: RiskConfig
    mode: TradingModeSettings
    files: SettingsFiles

    @functools.cached_property
    def settings_sha256(self) -> str:
        """Hash of all that can change a result; see :func:`validation.settings_hash.settings_hash`."""
        return settings_hash(self.live, self.risk, self.mode)

    def resolved(self) -> dict[str, Plain]:
        """Return the three sections as plain values that JSON can hold: ``live``, ``risk``, ``trading_mode``."""
        return {
            "live": self.live.model_dump(mode="json"),
            "risk": self.risk.model_dump(mode="json"),
            "trading_mode": self.mode.model_dump(mode="json"),
        }
