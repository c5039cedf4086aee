"""Makes the records of a compiled run from settings, trading rules, candles and opinions."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from compiled import layout
from compiled.adding.sums import Sums
from compiled.codes import NONE, OHLC, OLHC, ON_OPPOSITE, OPTIMISTIC, PESSIMISTIC, TARGET_ROLE
from compiled.driving.candle_feed import CandleFeed, FedSeries
from compiled.driving.commission_rules import days_of, rates_of, tiers_of
from compiled.driving.contracts import (
    NO_CONTRACT,
    NO_MARKS,
    Contract,
    ContractRecords,
    contract_records,
    contract_rules,
    joined_records,
    marks_of,
    most_at_once,
)
from compiled.driving.measured_columns import measured_columns, measured_rules
from compiled.driving.opinion_rows import NO_WORDS, SaidWords
from compiled.driving.order_rules import acceptance_rules, cap_rules, entry_rules, letters_of, limit_rules
from compiled.driving.scaled_market import Scale, decimals_of, scale_of, shares_of, whole
from compiled.driving.target_rows import named_targets
from compiled.integers import LARGEST, LARGEST_DIVISOR
from core.candle_columns import CandleColumns, Int64Array
from core.errors import Uncovered
from core.exact import EXACT, ONE, ZERO, received
from core.instrument import Instrument
from core.timeframe import grid_origin_ms, timeframe_ms
from core.tolerance import TOLERANCE
from execution.costs.spread import build_spread
from execution.orders.trailing import trailing_fraction_of
from validation.composed_settings import Settings

MOST_MONEY_DECIMALS = 15
EVENTS_AT_ONCE = 1 << 12
"""How many events of a kind are kept before they are written."""
EVENTS_OF_A_SYMBOL = 24
EVENTS_OF_AN_EXIT = 8
"""More events of one kind than a symbol, or one order that reduces its position, can have in one step."""

NO_CANDLES = CandleColumns.empty()

_INTRABAR = {"pessimistic": PESSIMISTIC, "optimistic": OPTIMISTIC, "ohlc": OHLC, "olhc": OLHC, "detail": PESSIMISTIC}


Tables = TypeVar("Tables", layout.Core, Sums)


class SymbolMarket(NamedTuple):
    """What a symbol brings: its name, its trading rules, the candles from before the window and of it, its opinions.

    ``opinions`` are records of :data:`~compiled.layout.SIGNAL_ROW`, their rows those of ``window``; ``detail`` are the
    finer candles of the window, where orders are matched with such. ``scale`` is that of the prices of both, and
    ``units`` are those of ``window`` in it, where they are known; ``contract`` is what a perpetual has beside.
    """

    name: str
    rules: Instrument
    warmup: CandleColumns
    window: CandleColumns
    opinions: layout.Records
    scale: Scale | None = None
    detail: CandleColumns = NO_CANDLES
    contract: Contract = NO_CONTRACT
    units: Int64Array | None = None


def build_core(
    settings: Settings,
    warmup_candles: int,
    market: Sequence[SymbolMarket],
    kill_switch: bool,
    said: SaidWords = NO_WORDS,
) -> tuple[layout.Core, CandleFeed]:
    """Return the records of a run that begins, and what feeds it; ``said`` are the words of all opinions.

    Raises
    ------
    Uncovered
        If whole numbers of 64 bits cannot hold its prices, quantities or money.
    """
    scaled = [one.scale or price_scale((one.window, one.detail), one.rules) for one in market]
    rules = _rules(settings, warmup_candles, kill_switch)
    rules["money_decimals"] = decimals = _money_decimals(settings, market, scaled)
    rules["money_unit"] = 10.0**decimals
    symbols = np.zeros(len(market), layout.SYMBOL)
    states = np.zeros(len(market), layout.STATE)
    signal = measured = 0
    for s, (one, prices) in enumerate(zip(market, scaled, strict=True)):
        _fill_symbol(symbols[s], one.rules, prices, rules[0], len(market))
        symbols[s]["first_signal"], symbols[s]["end_signal"] = signal, signal + len(one.opinions)
        states[s]["budget_open_ms"] = states[s]["last_fine_ms"] = NONE
        states[s]["signal"] = signal
        _warm(states[s], one.warmup, int(rules[0]["longest_open_distance_ms"]))
        states[s]["observed"] = states[s]["candles_seen"]
        states[s]["measured"] = measured + one.warmup.rows - 1
        measured += one.warmup.rows + one.window.rows
        signal += len(one.opinions)
    contracts = _contracts(settings, market, scaled, rules, symbols)
    for s, last in enumerate(symbols["end_payment"][:-1].tolist(), 1):
        states[s]["payment"] = last
    marks = marks_of(contracts, 2 * len(market))
    lengths = [int(rules[0][name]) for name in ("timeframe_ms", "detail_ms") for _ in market]
    candles = [*(one.window for one in market), *(one.detail for one in market)]
    known = [*(one.units for one in market), *(None for _ in market)]
    fed = [
        FedSeries(one, length, scale.decimals, beside, units)
        for one, length, scale, beside, units in zip(candles, lengths, [*scaled, *scaled], marks, known, strict=True)
    ]
    capped = settings.live.execution.volume_cap is not None
    feed = CandleFeed(fed[: len(market)], fed[len(market) :], volumes=capped)
    return feed.next(_core(rules, symbols, states, market, (feed, contracts), settings, said)), feed


def _contracts(
    settings: Settings,
    market: Sequence[SymbolMarket],
    scaled: Sequence[Scale],
    rules: layout.Records,
    symbols: layout.Records,
) -> Sequence[ContractRecords]:
    """Return what perpetual contracts have beside candles, and put what is each symbol's own into its record."""
    own, money = settings.live.execution.perpetual, int(rules[0]["money_decimals"])
    if own is None:
        symbols["mark_scale"] = 1
        return ()
    found: list[ContractRecords] = []
    tiers = payments = 0
    for name, symbol, one, prices in zip(settings.live.symbols, symbols, market, scaled, strict=True):
        contract = one.contract
        if rules[0]["detail_ms"] and not one.detail.rows:
            # Where no finer candle was there, the candle stands for its mark prices.
            contract = contract._replace(marks=NO_CANDLES)
        beside = (one.window, one.detail), prices, contract
        records = contract_records(own, own.leverage_of(name), one.rules, money, beside)
        symbol["first_tier"] = tiers
        tiers, payments = tiers + len(records.tiers), payments + len(records.payments)
        symbol["end_tier"], symbol["end_payment"] = tiers, payments
        for field, value in records.fields.items():
            symbol[field] = value
        # Of a short, margin and amount of its tier stand beside the cost.
        symbol["largest_quantity"] //= 4
        matched, length_ms = (one.detail, "detail_ms") if one.detail.rows else (one.window, "timeframe_ms")
        rules["most_payments"] += most_at_once(records.payments, matched.open_time_ms, int(rules[0][length_ms]))
        found.append(records)
    return found


def _core(
    rules: layout.Records,
    symbols: layout.Records,
    states: layout.Records,
    market: Sequence[SymbolMarket],
    beside: tuple[CandleFeed, Sequence[ContractRecords]],
    settings: Settings,
    said: SaidWords,
) -> layout.Core:
    feed, contracts = beside
    account, fills = np.zeros(1, layout.ACCOUNT), settings.live.execution
    start = whole(received(fills.starting_balance), int(rules[0]["money_decimals"]))
    account["balance"] = account["starting_balance"] = start
    for name in ("current_equity", "peak_equity", "day_start_equity", "account_peak"):
        account[name] = float(fills.starting_balance)
    # Those of one symbol are not copied: they are most of what a run begins with.
    signals = np.concatenate([one.opinions for one in market]) if len(market) > 1 else market[0].opinions
    letters = [letters_of(fills, one.name) for one in market]
    symbols["end_letter"] = np.cumsum([len(one) for one in letters])
    symbols["first_letter"][1:] = symbols["end_letter"][:-1]
    words, targets, rungs = named_targets(settings, said, len(market))
    places = TARGET_ROLE + rungs
    of_a_step = (EVENTS_OF_A_SYMBOL + EVENTS_OF_AN_EXIT * places) * (len(market) + 1)
    rules["events_of_a_step"] = of_a_step + rules["most_payments"]
    room = EVENTS_AT_ONCE + int(rules[0]["events_of_a_step"])
    tiers = tiers_of(fills, int(rules[0]["money_decimals"]))
    opens = [one.open_time_ms for both in market for one in (both.window, both.detail)]
    rules["first_day"], filled_on = days_of(opens, int(rules[0]["timeframe_ms"]), len(tiers))
    none = np.empty(0, np.float64)
    core = layout.Core(
        rules=rules,
        symbols=symbols,
        states=states,
        entries=np.zeros(len(market), layout.ORDER),
        exits=np.zeros((len(market), places), layout.REDUCING),
        holdings=np.zeros(len(market), layout.HOLDING),
        account=account,
        signals=signals,
        open_ms=np.empty(0, np.int64),
        close=none,
        high=none,
        low=none,
        units=NO_MARKS,
        **_no_events(room),
        decision=np.zeros(1, layout.NOTE),
        curve=np.zeros(feed.most_rows + 1, np.float64),
        **measured_columns(settings.live.execution, [(one.warmup, one.window) for one in market])._asdict(),
        levels=np.zeros((room, rungs), np.int64),
        targets=targets,
        words=words,
        letters=np.frombuffer(b"".join(letters), np.uint8),
        traded=none,
        fee_tiers=tiers,
        filled_on=filled_on,
        marks=NO_MARKS,
        **joined_records(contracts),
    )
    return as_rules_read(core)


def price_scale(series: Sequence[CandleColumns], rules: Instrument) -> Scale:
    """Return the coarsest unit that holds the prices of a symbol's series and its tick.

    Raises
    ------
    Uncovered
        If there is none.
    """
    return scale_of(series, decimals_of(rules.tick_size), rules.symbol)


def _no_events(room: int) -> dict[str, Any]:
    """Return the records of events; where those of each step end is not noted."""
    kinds = {"fills": layout.FILL, "transitions": layout.TRANSITION, "points": layout.POINT, "notes": layout.NOTE}
    return {**{name: np.zeros(room, kind) for name, kind in kinds.items()}, "ends": np.zeros(0, layout.STEP_END)}


def as_rules_read(tables: Tables) -> Tables:
    """Return records for rules that may run as plain Python: fields are attributes of a recarray's only."""
    if not cast(Any, numba).config.DISABLE_JIT:
        return tables
    records = {name: one.view(np.recarray) for name, one in tables._asdict().items() if one.dtype.names}
    return tables._replace(**records)


def _rules(settings: Settings, warmup_candles: int, kill_switch: bool) -> layout.Records:
    main, mode, risk, fills = settings.live, settings.mode, settings.risk, settings.live.execution
    length_ms = timeframe_ms(main.timeframe)
    by_atr = risk.trailing_stop_atr if risk.enable_trailing_stop else None
    found: dict[str, float] = {
        "timeframe_ms": length_ms,
        "detail_ms": 0 if main.detail_interval is None else timeframe_ms(main.detail_interval),
        "grid_origin_ms": grid_origin_ms(length_ms),
        "entry_at_close": fills.entry_fill == "close",
        "on_opposite_signal": ON_OPPOSITE.index(fills.on_opposite_signal),
        "order_wait_ms": fills.max_order_wait * length_ms,
        "longest_open_distance_ms": (fills.max_gap + 1) * length_ms,
        "latency_ms": fills.latency_ms,
        "flatten_on_halt": mode.on_halt == "flatten",
        "warmup_candles": warmup_candles,
        "max_holding": NONE if fills.exits.max_holding is None else fills.exits.max_holding,
        "rungs": len(fills.exits.ladder),
        "closes_all": sum((received(rung.fraction) for rung in fills.exits.ladder), ZERO) == ONE,
        "break_even_after": fills.exits.break_even_after or 0,
        "intrabar": _INTRABAR[fills.intrabar],
        "allow_shorting": fills.allow_shorting,
        "monitor": mode.mode == "monitor",
        "kill_switch": kill_switch,
        "max_open_trades": mode.max_open_trades,
        "trailing": risk.enable_trailing_stop,
        "trail_by_atr": by_atr is not None,
        "trailing_atr": math.nan if by_atr is None else by_atr,
        "max_candle_move": fills.max_candle_move * TOLERANCE,
        "max_daily_loss_pct": mode.max_daily_loss_pct,
        "max_drawdown_pct": mode.max_drawdown_pct,
        "max_risk_per_trade_pct": mode.max_risk_per_trade_pct,
        "max_exposure_pct": mode.max_exposure_pct,
        "risk_per_trade": risk.default_risk_per_trade,
        "max_exposure": math.nan if risk.max_exposure is None else risk.max_exposure,
        "sl_atr_mult": risk.default_sl_atr_mult,
        "tp_atr_mult": math.nan if risk.default_tp_atr_mult is None else risk.default_tp_atr_mult,
        "min_position_size": risk.min_position_size_usd,
        **_cost_rules(settings),
        **measured_rules(fills),
        **entry_rules(fills),
        **limit_rules(fills),
        **cap_rules(fills),
        **contract_rules(fills.perpetual),
    }
    rules = np.zeros(1, layout.RULES)
    for name, value in found.items():
        rules[name] = value
    return rules


def _cost_rules(settings: Settings) -> dict[str, int]:
    """Return what market fills, commissions and trailing stops multiply by, as whole numbers over powers of ten."""
    fills = settings.live.execution
    worse = EXACT.add(build_spread(fills.spread).constant or ZERO, received(fills.slippage))
    up, down = shares_of(EXACT.add(ONE, worse), max(EXACT.subtract(ONE, worse), ZERO))
    trail = trailing_fraction_of(settings.risk.model_dump()) or ZERO
    long, short = shares_of(EXACT.subtract(ONE, trail), EXACT.add(ONE, trail))
    return {
        "price_up": up.number,
        "price_down": down.number,
        "price_unit": up.unit,
        "rate_unit": rates_of(fills)[0].unit,
        "trailing_long": long.number,
        "trailing_short": short.number,
        "trailing_unit": long.unit,
    }


def _money_decimals(settings: Settings, market: Sequence[SymbolMarket], scaled: Sequence[Scale]) -> int:
    balance = received(settings.live.execution.starting_balance)
    products = [prices.decimals + decimals_of(one.rules.lot_size) for one, prices in zip(market, scaled, strict=True)]
    decimals = max(8, decimals_of(balance), *products)
    if decimals > MOST_MONEY_DECIMALS or whole(balance, decimals) * 100 > LARGEST:
        raise Uncovered(f"money of {decimals} decimals does not fit 64 bits")
    return decimals


def _fill_symbol(symbol: np.void, rules: Instrument, prices: Scale, run: np.void, symbols: int) -> None:
    """Put a symbol's trading rules and units into its record."""
    price_decimals, quantity_decimals = prices.decimals, decimals_of(rules.lot_size)
    tick, money = whole(rules.tick_size, price_decimals), int(run["money_decimals"])
    largest_price = prices.largest * 6 // 5 + 2 * tick
    cost_scale = 10 ** (money - price_decimals - quantity_decimals)
    finer = price_decimals + quantity_decimals + len(str(int(run["rate_unit"]))) - 1 - 8
    found: dict[str, float] = {
        "tick": tick,
        "lot": whole(rules.lot_size, quantity_decimals),
        "price_decimals": price_decimals,
        "quantity_decimals": quantity_decimals,
        "cost_scale": cost_scale,
        "commission_scale": 10 ** (money - 8),
        "fine_scale": 10 ** max(0, 8 - quantity_decimals),
        "fine_step": 10 ** max(0, quantity_decimals - 8),
        "commission_divisor": 10 ** max(0, finer),
        "commission_multiplier": 10 ** max(0, -finer),
        "largest_quantity": LARGEST // (symbols * largest_price * cost_scale),
        "price_unit": 10.0**price_decimals,
        "quantity_unit": 10.0**quantity_decimals,
        "min_quantity": float(rules.min_quantity),
        "max_quantity": float(rules.max_quantity),
        "min_notional": float(rules.min_notional),
        **acceptance_rules(rules, quantity_decimals, money),
    }
    units = ("price_unit", "trailing_unit", "entry_unit")
    divisors = (*(int(run[unit]) * tick for unit in units), 10 ** max(0, finer))
    if max(divisors) > LARGEST_DIVISOR or max(found.values()) > LARGEST:
        raise Uncovered(f"prices, quantities and costs of {rules.symbol} have too many digits for 64 bits")
    for name, value in found.items():
        symbol[name] = value


def _warm(state: np.void, warmup: CandleColumns, longest_distance_ms: int) -> None:
    """Let a symbol's state know the candles from before the window."""
    opens = warmup.open_time_ms
    if not len(opens):
        return
    breaks = np.flatnonzero(np.diff(opens) > longest_distance_ms)
    state["candles_seen"] = len(opens) - (int(breaks[-1]) + 1 if len(breaks) else 0)
    state["opened"], state["last_open_ms"] = 1, opens[-1]
    state["segment_ends_ms"] = opens[-1] + longest_distance_ms
    state["last_close"], state["has_close"] = warmup.close[-1], 1


def warmed_candles(market: Sequence[SymbolMarket], core: layout.Core) -> dict[str, int]:
    """Return how many candles of the segment that enters the window each symbol has seen, of a run that begins."""
    counts = {}
    for one, state in zip(market, core.states, strict=True):
        begins = one.window.rows and state["opened"]
        fresh = begins and one.window.open_time_ms[0] > state["segment_ends_ms"]
        counts[one.name] = 0 if fresh else int(state["candles_seen"])
    return counts
