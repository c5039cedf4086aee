"""Builds manifests: what every run has once, then what a backtest and a live session have beside it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from runs.documents.installed_version import installed_version
from runs.documents.manifest import Manifest, SessionContracts, StrategyFacts, Symbol, SymbolAtStart, Window
from runs.documents.run_result import RunResult
from runs.documents.symbol_result import SymbolResult
from runs.documents.trading_rules import essential_rules
from runs.documents.watched_input import WatchedAtStart
from runs.identity.run_hashes import RunHashes
from strategies.strategy_registry import PROGRAM

if TYPE_CHECKING:
    from engine.journal_records import SessionRecord
    from validation.composed_settings import Settings


class Deciding(Protocol):
    """A strategy, or those of a portfolio: the name, and the candles that are needed first."""

    @property
    def name(self) -> str: ...

    @property
    def warmup_candles(self) -> int: ...


_BACKTEST_LIBRARIES = ("numpy", "msgspec", "pydantic", "duckdb", "pyarrow", "pandas", "ccxt")
_SESSION_LIBRARIES = ("numpy", "msgspec", "pydantic", "ccxt", "websockets", "aiohttp")


def backtest_manifest(
    settings: "Settings",
    window: Window,
    strategy: StrategyFacts,
    result: RunResult,
    hashes: RunHashes,
    *,
    kill_switch_engaged: bool,
    engine: str,
) -> Manifest[SymbolResult]:
    """Return what a backtest was made of, and by which engine; data, trading rules and hashes are as in its result."""
    return msgspec.structs.replace(
        _made_of(settings, hashes.code_version, strategy, result.symbols, _BACKTEST_LIBRARIES),
        window=window,
        watched=UNSET if result.watched is UNSET else {**result.watched},
        run_id=result.run_id,
        kill_switch_engaged=kill_switch_engaged,
        partial=result.partial,
        engine=engine,
        **msgspec.structs.asdict(hashes),
    )


def session_manifest(
    record: "SessionRecord",
    settings: "Settings",
    strategy: "Deciding",
    unified: Mapping[str, str],
    funding_patience_ms: int,
) -> Manifest[SymbolAtStart]:
    """Return what a live session is made of as it begins.

    Parameters
    ----------
    record
        The first of its journal.
    settings
        Those of the record.
    unified
        Unified symbol of every configured spelling.
    funding_patience_ms
        How long after its due time a funding rate is waited for, and open interest after it counts as known.
    """
    symbols = {
        spelling: SymbolAtStart(
            symbol, len(record.warmup.get(spelling, ())), essential_rules(record.instruments[spelling])
        )
        for spelling, symbol in unified.items()
    }
    return msgspec.structs.replace(
        _made_of(
            settings,
            record.code_version,
            StrategyFacts(strategy.name, strategy.warmup_candles),
            symbols,
            _SESSION_LIBRARIES,
        ),
        session=record.session,
        watched=_watched(record) or UNSET,
        strategy_sha256=record.strategy_sha256 or UNSET,
        strategy_files=record.strategy_files or UNSET,
        timeframe=settings.live.timeframe,
        detail_interval=settings.live.detail_interval or UNSET,
        perpetual=_contracts(settings, record, funding_patience_ms),
    )


def _watched(record: "SessionRecord") -> dict[str, WatchedAtStart]:
    return {
        f"{one.symbol} {one.timeframe}": WatchedAtStart(
            canonical=one.canonical, timeframe=one.timeframe, warmup_candles=len(one.warmup)
        )
        for one in record.watched_series
    }


def _contracts(settings: "Settings", record: "SessionRecord", funding_patience_ms: int) -> SessionContracts | UnsetType:
    """Return what a session knows of its contracts as it begins; nothing on spot."""
    own = settings.live.execution.perpetual
    if own is None:
        return UNSET
    interval = settings.live.detail_interval or settings.live.timeframe
    periods = record.open_interest_periods
    return SessionContracts(
        leverage={spelling: own.leverage_of(spelling) for spelling in record.instruments},
        margin_tiers={
            spelling: "settings" if own.tiers else "instrument" if rules.margin_tiers else "maintenance_rate"
            for spelling, rules in record.instruments.items()
        },
        mark_candles={"interval": interval, "source": "rest"} if own.mark_price else None,
        funding={"source": "rest", "patience_ms": funding_patience_ms} if own.funding else None,
        open_interest={"periods": periods, "source": "rest", "patience_ms": funding_patience_ms} if periods else UNSET,
    )


def _interpreters(settings: "Settings") -> Iterable[str]:
    """Return the library in which a user's program runs, where the strategy is one."""
    return ("pydantic-monty",) if settings.live.strategy.type == PROGRAM else ()


def _made_of(
    settings: "Settings",
    code_version: str,
    strategy: StrategyFacts,
    symbols: dict[str, Symbol],
    libraries: Iterable[str],
) -> Manifest[Symbol]:
    """Return what the manifest of every run has."""
    return Manifest(
        settings=settings.resolved(),
        settings_sha256=settings.settings_sha256,
        code_version=code_version,
        strategy=strategy,
        symbols=symbols,
        libraries={name: installed_version(name) for name in (*libraries, *_interpreters(settings))},
    )
