"""What a run was made of: one model for backtests and live sessions; what a kind of run does not have is left out."""

import json
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from core.errors import ConfigurationError, StoreError
from runs.documents.symbol_result import SymbolResult, TradingRules
from runs.documents.watched_input import WatchedAtStart


class Window(msgspec.Struct, frozen=True):
    """The range of a run in UTC milliseconds; a session's is from its first candle's open to its last step."""

    start_ms: int | None
    end_ms: int | None


class StrategyFacts(msgspec.Struct, frozen=True):
    """The strategy, and the candles it needs first.

    ``warmup_residual`` is the share that an indicator's start may still have in its value after them; None where the
    strategy does not say.
    """

    name: str
    warmup_candles: int
    warmup_residual: float | UnsetType | None = UNSET


class SymbolAtStart(msgspec.Struct, frozen=True):
    """What is known of a symbol when a session begins: its unified name, its warm-up candles and its trading rules."""

    canonical: str
    warmup_candles: int | UnsetType = UNSET
    instrument: TradingRules | UnsetType = UNSET


class SessionContracts(msgspec.Struct, frozen=True):
    """What a session knows of its perpetual contracts, by symbol as configured.

    ``mark_candles`` names interval and source, ``funding`` source and patience in ms; None where they are not used.
    ``open_interest`` are the periods that it is fed, with source and patience; left out where it is fed none.
    """

    leverage: dict[str, float]
    margin_tiers: dict[str, str]
    mark_candles: dict[str, str] | None
    funding: dict[str, str | int] | None
    open_interest: dict[str, list[str] | str | int] | UnsetType = UNSET


Symbol = TypeVar("Symbol", SymbolAtStart, SymbolResult)


class Manifest(msgspec.Struct, Generic[Symbol], frozen=True, kw_only=True):
    """What a run was made of. ``settings`` are the resolved sections; a run is made again from them.

    Where ``settings`` name a strategy by its file, ``strategy_folder`` is where that path begins, as seen from the
    folder of the run: both may be moved together. ``watched`` are the series that are not traded, by symbol and
    timeframe; of a backtest with what it was fed of them. ``failure`` is the error of a strategy that ended the run.
    ``engine`` says which rules made a backtest: ``compiled``, or ``reference`` and why.
    """

    settings: dict[str, Any]
    settings_sha256: str
    strategy_sha256: str | UnsetType = UNSET
    strategy_files: dict[str, str] | UnsetType = UNSET
    strategy_folder: str | UnsetType = UNSET
    code_version: str | UnsetType = UNSET
    strategy: StrategyFacts | UnsetType = UNSET
    symbols: dict[str, Symbol] = msgspec.field(default_factory=dict)
    watched: dict[str, WatchedAtStart] | UnsetType = UNSET
    libraries: dict[str, str] | UnsetType = UNSET
    window: Window | UnsetType = UNSET

    run_id: str | UnsetType = UNSET
    kill_switch_engaged: bool | UnsetType = UNSET
    partial: bool | UnsetType = UNSET
    failure: str | UnsetType = UNSET
    engine: str | UnsetType = UNSET
    trades_sha256: str | UnsetType = UNSET
    orders_sha256: str | UnsetType = UNSET
    ledger_sha256: str | UnsetType = UNSET
    equity_sha256: str | UnsetType = UNSET
    decisions_sha256: str | UnsetType = UNSET
    data_sha256: str | UnsetType = UNSET

    session: str | UnsetType = UNSET
    timeframe: str | UnsetType = UNSET
    detail_interval: str | UnsetType = UNSET
    perpetual: SessionContracts | UnsetType = UNSET

    def text(self) -> str:
        """Return the manifest as JSON, keys sorted, without a line end behind it."""
        return json.dumps(msgspec.to_builtins(self), sort_keys=True, indent=1, ensure_ascii=False)


_decode = msgspec.json.Decoder(Manifest[SymbolAtStart]).decode
"""Made before there are threads: docs/developing.md says why."""


def read_manifest(path: Path) -> Manifest[SymbolAtStart]:
    """Return the manifest of a run; of its symbols what every kind of run has.

    Raises
    ------
    ConfigurationError
        If the file is no manifest.
    StoreError
        If it cannot be read.
    """
    try:
        return _decode(path.read_bytes())
    except OSError as error:
        raise StoreError.of("read", path, error) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is no manifest: {error}") from error
