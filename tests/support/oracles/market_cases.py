"""Hypothesis strategies that draw whole cases: settings, instruments, candles with faults, scripted signals.

Prices lie on a coarse grid of units, some 100 of them high, and distances are a few units, so that touches, ties and
passes are common. Each candle is two numbers, whose digits are its moves and spikes, and its hole and signal: (0, 0) is
a quiet candle without any of them, which is what a failing case shrinks to. All of a market are drawn at once, as
bytes: number by number takes Hypothesis as long as the kernel takes for the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import prod
from typing import Any

from hypothesis import strategies as st

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.base_settings import BASE_SETTINGS
from tests.support.oracles.slow_model import Case
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS

MONDAY_MS = 19_786 * DAY_MS
"""2024-03-04T00:00Z, a Monday."""

STARTS = (
    (MINUTE_MS, MONDAY_MS - 10 * MINUTE_MS),
    (MINUTE_MS, MONDAY_MS),
    (4 * HOUR_MS, MONDAY_MS + 8 * HOUR_MS),
    (HOUR_MS, MONDAY_MS - 3 * HOUR_MS),
    (DAY_MS, MONDAY_MS),
    (7 * DAY_MS, MONDAY_MS),
)
"""Timeframe and start: minutes around midnight, hours, days and weeks."""

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SUI/USDT", "TAO/USDT")

_GAPS = (0, 0, 0, 0, 1, -1, 2, -2, 1, -1, 0, 3, -3, 0, 6, -6)
_BODIES = (0, 1, -1, 1, -1, 2, -2, 3, -3, 0, 4, -4)
_WICKS = (0, 1, 0, 2, 3, 0, 1, 5)
_DIRECTIONS = ("FLAT", "FLAT", "LONG", "SHORT", "FLAT", "LONG", "SHORT", "FLAT")
_STOPS = (2.0, 3.0, 4.0, 6.0, 8.0, 1.0, 2.5, 4 / 3)
_TARGETS = (None, 1.0, 2.0, 3.0, 4.0, 1.5, 6.0, 5 / 3)
_FLOOR_UNITS, _CEILING_UNITS = 40, 260
_HOLE_CHANCES = 64
_WORDS = ("",) * 6 + ("prices", "stop_price", "r", "share", "exit_or_r_of_price", "exit_and_move", "cancel")
"""What a signal says otherwise than by distances; a candle without a direction exits or moves its stop then."""
_ODD_WORDS = {1: "part", 2: "part", 3: "part", 4: "target", 5: "target", 6: "share"}
"""By oddity, what a candle without direction and words says: often enough that positions are held then."""

_SHAPE_RADICES = (len(_GAPS), len(_BODIES), len(_WICKS), len(_WICKS), 16)
_OPINION_RADICES = (len(_DIRECTIONS), len(_STOPS), len(_TARGETS), _HOLE_CHANCES, len(_WORDS))
_NUMBER_BYTES = 4
"""Of each of the two numbers of a candle: so many that every value is as common as the others."""

ENTRY_FILLS = ("next_open", "close", "next_typical")

LIMITS = (
    (0.20, 0.05, 0.02, 0.01),
    (1.0, 1.0, 0.1, 0.05),
    (0.12, 0.08, 0.02, 0.01),
    (1.0, 0.5, 0.1, 0.1),
    (0.08, 0.05, 0.01, 0.0007),
    (0.5, 0.2, 0.02, 0.02),
    (1.0, 1.0, 0.011, 0.01),
)
"""max_exposure_pct, max_exposure, max_risk_per_trade_pct, default_risk_per_trade as a configuration may hold them."""


@dataclass(frozen=True)
class CandleCode:
    """What two numbers say about one candle, in units of the price grid."""

    gap: int
    body: int
    wick_up: int
    wick_down: int
    oddity: int
    direction: str
    stop: float
    target: float | None
    hole: int
    words: str


def digits_of(code: int, radices: tuple[int, ...]) -> list[int]:
    """Return the digits of a number in a mixed radix, lowest first."""
    digits = []
    for radix in radices:
        code, digit = divmod(code, radix)
        digits.append(digit)
    return digits


def decoded(shape: int, opinion: int) -> CandleCode:
    """Return what a candle's two numbers say; (0, 0) is a flat candle without hole and signal."""
    gap, body, wick_up, wick_down, oddity = digits_of(shape, _SHAPE_RADICES)
    direction, stop, target, hole, words = digits_of(opinion, _OPINION_RADICES)
    return CandleCode(
        gap=_GAPS[gap],
        body=_BODIES[body],
        wick_up=_WICKS[wick_up],
        wick_down=_WICKS[wick_down],
        oddity=oddity,
        direction=_DIRECTIONS[direction],
        stop=_STOPS[stop],
        target=_TARGETS[target],
        hole=hole,
        words=_WORDS[words],
    )


def candle_units(code: CandleCode, last_close: int) -> tuple[int, int, int, int]:
    """Return open, high, low and close in grid units; oddity 15 is a spike up, 14 one down, 13 a jump of the open."""
    jump = 20 if code.gap >= 0 else -20
    opened = bounded(last_close + (jump if code.oddity == 13 else code.gap))
    close = bounded(opened + code.body)
    high = max(opened, close) + code.wick_up + (40 if code.oddity == 15 else 0)
    low = min(opened, close) - code.wick_down - (25 if code.oddity == 14 else 0)
    return opened, high, low, close


def bounded(units: int) -> int:
    """Return the price kept within the range in which a case stays readable."""
    return min(max(units, _FLOOR_UNITS), _CEILING_UNITS)


def on_grid(units: float, grid: Decimal) -> float:
    """Return the float of a number of grid units: the shortest decimal where the units are whole or halves."""
    if units * 2 == int(units * 2):
        return float(Decimal(str(units)) * grid)
    return units * float(grid)


def signal_of(code: CandleCode, close: int, grid: Decimal) -> Signal | None:
    """Return the candle's signal; oddities 10 and 11 give distances that must be refused."""
    if code.words and (code.direction == "FLAT" or code.words == "exit_and_move"):
        return _directive(code, close, grid)
    if code.direction == "FLAT":
        words = _ODD_WORDS.get(code.oddity)
        return None if words is None else _directive(replace(code, words=words), close, grid)
    if code.words:
        return _with_words(code, close, grid)
    stop = on_grid(code.stop, grid)
    target = None if code.target is None else on_grid(code.target, grid)
    if code.oddity == 11:
        stop = -stop if code.wick_up else 0.0
    if code.oddity == 10 and target is not None:
        target = -target if code.wick_up else 0.0
    return Signal("LONG" if code.direction == "LONG" else "SHORT", sl_distance=stop, tp_distance=target)


def _directive(code: CandleCode, close: int, grid: Decimal) -> Signal:
    """Return an exit, or a stop or target moved to near the close, on either side of it, or both."""
    moved_to = on_grid(close + code.wick_up - code.stop, grid)
    if code.words == "part":
        return Signal("EXIT", fraction=(0.3333, 0.5, 0.01)[code.wick_down % 3])
    if code.words in ("target", "cancel"):
        aim = on_grid(close + code.wick_up - code.wick_down, grid)
        return Signal("ADJUST", move_target=aim, cancel_entry=code.words == "cancel")
    if code.words in ("prices", "exit_or_r_of_price"):
        return Signal("EXIT")
    return Signal("EXIT" if code.words == "exit_and_move" else "ADJUST", move_stop=moved_to)


def _with_words(code: CandleCode, close: int, grid: Decimal) -> Signal:
    """Return an entry whose levels are prices or in distances of the stop, or that takes a share of what it may."""
    sign = 1 if code.direction == "LONG" else -1
    stop_price = on_grid(close - sign * code.stop, grid)
    target_price = None if code.target is None else on_grid(close + sign * code.target, grid)
    said: dict[str, Any] = {
        "prices": {"stop_price": stop_price, "target_price": target_price},
        "stop_price": {"stop_price": stop_price, "size": 0.3333},
        "r": {"sl_distance": on_grid(code.stop, grid), "target_r": code.target},
        "cancel": {"stop_price": stop_price, "cancel_entry": True},
        "share": {"sl_distance": on_grid(code.stop, grid), "size": 1 / 3},
        "exit_or_r_of_price": {"stop_price": stop_price, "target_r": code.target, "size": 0.5},
    }[code.words]
    return Signal("LONG" if sign > 0 else "SHORT", tag=code.words, **said)


def numbers(count: int, below: int) -> st.SearchStrategy[list[int]]:
    """Draw so many numbers below another, which is far less than the bytes of each can say."""
    size = count * _NUMBER_BYTES
    return st.binary(min_size=size, max_size=size).map(
        lambda drawn: [one % below for one in memoryview(drawn).cast("I")]
    )


@st.composite
def markets(
    draw: st.DrawFn, timeframe_ms: int, first_open_ms: int, grid: Decimal
) -> tuple[list[Candle], dict[int, Signal]]:
    """Draw one symbol's candles from about ``first_open_ms`` on, with holes of 1 to 8 candles, and its signals."""
    most = draw(st.sampled_from((40, 20, 70, 120)))
    count = draw(st.integers(max(20, most - 20), most))
    shapes, opinions = draw(numbers(count, prod(_SHAPE_RADICES))), draw(numbers(count, prod(_OPINION_RADICES)))
    # So many of the chances in `_HOLE_CHANCES` are a hole before the candle, from 1 to 8 candles long.
    hole_chances = draw(st.sampled_from((6, 0, 10, 3)))
    listing = draw(st.sampled_from((0, 0, 0, 2, 7)))
    candles: list[Candle] = []
    signals: dict[int, Signal] = {}
    slot, last_close = listing, draw(st.integers(90, 110))
    for shape, opinion in zip(shapes, opinions, strict=True):
        code_of_candle = decoded(shape, opinion)
        if candles and 0 < code_of_candle.hole <= hole_chances:
            slot += 1 + shape % 8
        open_ms = first_open_ms + slot * timeframe_ms
        units = candle_units(code_of_candle, last_close)
        opened, high, low, close = (on_grid(price, grid) for price in units)
        candles.append(Candle(open_ms, opened, high, low, close, 1.0 + code_of_candle.wick_up))
        signal = signal_of(code_of_candle, units[3], grid)
        if signal is not None:
            signals[open_ms] = signal
        slot, last_close = slot + 1, units[3]
    return candles, signals


@st.composite
def instruments(draw: st.DrawFn, symbol: str, grid: Decimal) -> Instrument:
    """Draw trading rules: ticks finer, equal to and coarser than the price grid, or none; several lots and minimums."""
    ticks = (grid, grid / 100, grid / 2, Decimal(0), grid * 2, grid * 3 / 10, Decimal("0.00000001"))
    unit_lot = Decimal(1) / grid
    lots = ("0.001", "0.00000001", "0", "0.1", "0.07", "0.7", "3")
    return Instrument(
        symbol=symbol,
        tick_size=draw(st.sampled_from(ticks)),
        lot_size=Decimal(draw(st.sampled_from(lots))) * unit_lot,
        min_notional=Decimal(draw(st.sampled_from(("0", "10", "0", "300")))),
        min_quantity=Decimal(draw(st.sampled_from(("0", "0.01", "0", "3.5")))) * unit_lot,
    )


@st.composite
def settings(draw: st.DrawFn, entry_fills: Sequence[str]) -> dict[str, float | int | str | bool]:
    """Draw settings around the base ones, such as a configuration may hold.

    ``max_order_wait`` within ``max_gap``, the risk per trade and the exposure per position within the safety limits.
    """
    max_exposure_pct, max_exposure, max_risk, risk = draw(st.sampled_from(LIMITS))
    wait, gap = draw(st.sampled_from(((3, 3), (1, 3), (2, 4), (1, 60), (3, 5))))
    return {
        **BASE_SETTINGS,
        "starting_balance": draw(st.sampled_from((10_000.0, 1_000.0, 12_345.67))),
        "slippage": draw(st.sampled_from((0.0, 0.0005, 0.01, 0.0033, 0.0))),
        "commission_rate": draw(st.sampled_from((0.0, 0.0005, 0.001, 0.000123))),
        "allow_shorting": draw(st.sampled_from((True,) * 7 + (False,))),
        "entry_fill": draw(st.sampled_from(entry_fills)),
        "on_opposite_signal": draw(st.sampled_from(("ignore", "close", "reverse", "reverse"))),
        "max_order_wait": wait,
        "max_gap": gap,
        "max_candle_move": draw(st.sampled_from((5.0, 1.5, 5.0, 1.25))),
        "default_risk_per_trade": risk,
        "max_exposure": max_exposure,
        "min_position_size_usd": draw(st.sampled_from((0.0, 0.0, 50.0, 0.0, 400.0))),
        "enable_trailing_stop": draw(st.booleans()),
        "trailing_stop_pct": draw(st.sampled_from((0.02, 0.01, 0.005, 0.0333))),
        "max_daily_loss_pct": draw(st.sampled_from((0.99, 0.01, 0.99, 0.004, 0.03, 0.002))),
        "max_drawdown_pct": draw(st.sampled_from((0.99, 0.05, 0.99, 0.02, 0.99, 0.99))),
        "max_risk_per_trade_pct": max_risk,
        "max_exposure_pct": max_exposure_pct,
        "max_open_trades": draw(st.sampled_from((10, 1, 2, 3))),
        "on_halt": draw(st.sampled_from(("hold", "flatten"))),
        "on_kill": draw(st.sampled_from(("hold", "flatten"))),
    }


@st.composite
def cases(draw: st.DrawFn, entry_fills: Sequence[str] = ENTRY_FILLS) -> Case:
    """Draw a whole case of 1 to 4 symbols."""
    timeframe_ms, start_ms = draw(st.sampled_from(STARTS))
    warmup_candles = draw(st.sampled_from((0, 1, 2, 0, 3, 6)))
    stored_slots = draw(st.sampled_from((8, 0, 3, 6)))
    symbols = draw(st.permutations(SYMBOLS))[: draw(st.integers(1, len(SYMBOLS)))]
    rules: dict[str, Instrument] = {}
    candles: dict[str, list[Candle]] = {}
    signals: dict[str, dict[int, Signal]] = {}
    for symbol in symbols:
        grid = draw(st.sampled_from((Decimal(1), Decimal("0.5"), Decimal("0.01"), Decimal("20"))))
        rules[symbol] = draw(instruments(symbol, grid))
        candles[symbol], signals[symbol] = draw(markets(timeframe_ms, start_ms - stored_slots * timeframe_ms, grid))
    return Case(
        settings=draw(settings(entry_fills)),
        timeframe_ms=timeframe_ms,
        start_ms=start_ms,
        symbols=tuple(symbols),
        instruments=rules,
        candles=candles,
        signals=signals,
        warmup_candles=warmup_candles,
        kill_switch=draw(st.sampled_from((False,) * 19 + (True,))),
    )


def compiled_cases() -> st.SearchStrategy[Case]:
    """Draw cases whose entries fill where the compiled rules know it."""
    return cases(ENTRY_FILLS[:2])
