"""What a result says of one symbol: what it was fed, and what its trades came to."""

import msgspec
from msgspec import UNSET, UnsetType


class TradingRules(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange's trading rules for a symbol, as exact decimals in text.

    ``tick_size`` is the step of the price and ``min_notional`` the least order value, in quote currency; ``lot_size``,
    ``min_quantity`` and ``max_quantity`` are in base units; ``band_down`` and ``band_up`` bound a limit price as
    multiples of the last price. What has no bound is None. ``as_of`` is the time from which they are known. A live
    session's manifest leaves out what has a default here.
    """

    tick_size: str
    lot_size: str
    min_notional: str
    min_quantity: str
    max_quantity: str | UnsetType | None = UNSET
    band_down: str | UnsetType | None = UNSET
    band_up: str | UnsetType | None = UNSET
    source: str
    as_of: str | None
    later_than_start: bool | UnsetType = UNSET
    """Whether they are of a later date than the window's start, so that earlier trades were judged by rules of which it
    is not known whether they held then."""


class ContractTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol has as a perpetual contract, and what was known of its marks, its funding and its open interest.

    ``mark`` names the price that judges liquidation, and stops where ``stop_trigger`` is ``mark``; ``funding_mark`` the
    prices that value the payments. ``funding_missing`` are spans without a rate, ``funding_late`` the due times of
    rates that were not published in time; both as text. ``open_interest`` names the series that a program was told of,
    ``open_interest_rows`` and ``open_interest_missing`` count what was there of it and what was not, and
    ``open_interest_gaps`` are the spans of the latter. What a run does not know of is left out.
    """

    leverage: float
    margin_table: str
    stop_trigger: str
    mark: str | UnsetType = UNSET
    mark_candles: int | UnsetType = UNSET
    funding_mark: str | UnsetType = UNSET
    funding_rates: int | UnsetType = UNSET
    funding_without_mark: int | UnsetType = UNSET
    funding_step_hours: list[float] | UnsetType = UNSET
    funding_missing: list[str] | UnsetType = UNSET
    funding_late: list[str] | UnsetType = UNSET
    open_interest: str | UnsetType = UNSET
    open_interest_rows: int | UnsetType = UNSET
    open_interest_missing: int | UnsetType = UNSET
    open_interest_gaps: list[str] | UnsetType = UNSET


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """What one rung of the take-profit ladder came to.

    ``reached_pct`` is the share of all positions entered that reached it, in per cent; ``quantity`` is in base units,
    ``realized_pnl`` in quote currency, net of costs.
    """

    rung: int
    fills: int
    reached_pct: float
    quantity: float
    realized_pnl: float


class TagResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the closed trades of one tag came to; ``realized_pnl`` is in quote currency, net of costs."""

    tag: str
    trades: int
    winning_trades: int
    realized_pnl: float


class CandleCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many candles a run was fed of one symbol.

    They are counted inside the window, those of the warm-up apart. ``missing_candles`` are holes between the first and
    the last, ``missing_before`` and ``missing_after`` what the window lacks at its ends; ``candles_from`` is the first
    open and ``candles_to`` the last close, as text (None without a candle). ``quality`` counts findings.
    ``detail_candles`` and ``missing_detail_candles`` are left out where the strategy's own candles match orders.
    """

    canonical: str
    candles: int
    warmup_candles: int
    warmup_missing: int
    missing_candles: int
    candles_from: str | None
    candles_to: str | None
    missing_before: int
    missing_after: int
    quality: dict[str, int]
    detail_candles: int | UnsetType = UNSET
    missing_detail_candles: int | UnsetType = UNSET


class SymbolInput(CandleCounts, frozen=True, kw_only=True):
    """What a run was fed of one symbol.

    ``instrument`` are the trading rules in force at the start, ``rule_changes`` those of later dates, in order;
    ``perpetual`` is left out on spot.
    """

    instrument: TradingRules
    rule_changes: list[TradingRules]
    perpetual: ContractTerms | UnsetType = UNSET


class SymbolResult(SymbolInput, frozen=True, kw_only=True):
    """What a symbol was fed, and what its trades came to.

    ``trades`` counts closed positions, ``win_rate`` is per cent of them, ``exits`` counts closing fills by reason.
    ``realized_pnl`` (net of costs) and ``funding_net`` (below 0: paid) are in quote currency.
    ``buy_and_hold_return_pct`` is from the first open to the last close, in per cent; None without a candle.
    """

    trades: int
    realized_pnl: float
    win_rate: float
    exits: dict[str, int]
    liquidations: int
    ladder: list[Rung]
    funding_net: float
    buy_and_hold_return_pct: float | None
