"""What the slow model knows, and everything that follows from it, worked out afresh each time it is asked for.

The book keeps facts only: open positions as they were filled, waiting orders, rows, refusals, halts and the equity of
each B. Balance, marks, stops, exposure, halts in force and warm-up are functions of those facts and of the candles.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.base_settings import Setting
from tests.support.oracles.numbers import against_trader, day_of, exact


@dataclass(frozen=True)
class Case:
    """One run: settings, instruments, candles and scripted signals.

    ``candles`` are in order of time; those closed by ``start_ms`` are the stored ones from which warm-up is taken,
    those that open at or after it are the window. ``signals`` maps a symbol to the opinions at its candles, by open
    time; a candle without one is FLAT. Every entry is one at the market and needs an ``sl_distance`` or a
    ``stop_price``: the model knows no ATR multiples. Targets are one; the model knows no ladders.
    """

    settings: dict[str, Setting]
    timeframe_ms: int
    start_ms: int
    symbols: tuple[str, ...]
    instruments: dict[str, Instrument]
    candles: dict[str, list[Candle]]
    signals: dict[str, dict[int, Signal]]
    warmup_candles: int
    kill_switch: bool


@dataclass(frozen=True)
class ModelResult:
    """What a run came to; texts are those of the output files, times UTC milliseconds."""

    rows: list[dict[str, str]]
    refused: list[tuple[int, str, str]]
    order_events: list[tuple[int, str, str, str]]
    halts: list[tuple[int, str]]
    equity_curve: list[float]
    equity_rows: list[tuple[int, str, str]]
    final_balance: Decimal
    ambiguous: int
    sizes_bound_by: list[str]
    moved: list[tuple[int, str]]


@dataclass(frozen=True)
class Order:
    """An accepted order that waits for the next open of its symbol."""

    order_id: int
    symbol: str
    opens: bool
    sign: int
    quantity: Fraction
    accepted_ms: int
    reason: str
    decision_price: float = 0.0
    stop_distance: Fraction = Fraction(0)
    target_distance: Fraction | None = None
    stop_price: Fraction | None = None
    target_price: Fraction | None = None
    target_r: Fraction | None = None
    tag: str = ""
    part: bool = False


@dataclass(frozen=True)
class Position:
    """A position as it was filled, whatever has left it since.

    ``entry_ms`` is the fill's event time, ``marked_from_ms`` the open of the first candle whose close can mark it,
    ``stop`` the level placed at the fill.
    """

    symbol: str
    sign: int
    quantity: Fraction
    entry_price: Fraction
    entry_ms: int
    marked_from_ms: int
    entry_commission: Fraction
    stop: Fraction
    target: Fraction | None
    tag: str = ""


@dataclass
class Book:
    """The facts of a run so far; ``marked_ms`` is the T of the last phase B, ``bound`` what set the last size."""

    case: Case
    positions: dict[str, Position] = field(default_factory=dict)
    waiting: list[Order] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    realized: list[Fraction] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    order_events: list[tuple[int, str, str, str]] = field(default_factory=list)
    halts: list[tuple[int, str]] = field(default_factory=list)
    equity_at_b: list[tuple[int, float, Fraction]] = field(default_factory=list)
    positions_at_b: list[Position] = field(default_factory=list)
    equity_rows: list[tuple[int, str, str]] = field(default_factory=list)
    marked_ms: int = -1
    last_order_id: int = 0
    ambiguous: int = 0
    bound: str = ""
    sizes_bound_by: list[str] = field(default_factory=list)
    moved: list[tuple[int, str]] = field(default_factory=list)
    moved_stops: list[tuple[int, Position, Fraction]] = field(default_factory=list)
    moved_targets: list[tuple[Position, Fraction]] = field(default_factory=list)
    left_parts: list[tuple[Position, Fraction, Fraction]] = field(default_factory=list)
    """Quantities that left a position, and what each carried of the entry's commission."""

    def next_order_id(self) -> int:
        """Count one order: accepted orders in order of acceptance, protective exits at their fill."""
        self.last_order_id += 1
        return self.last_order_id


def number(case: Case, key: str) -> float:
    """Return a numeric setting as a float."""
    return float(case.settings[key])


def known_candles(case: Case, symbol: str) -> list[Candle]:
    """Return stored candles closed by the start and window candles; one that straddles the start is neither."""
    length = case.timeframe_ms
    return [
        candle
        for candle in case.candles[symbol]
        if candle.open_time_ms >= case.start_ms or candle.open_time_ms + length <= case.start_ms
    ]


def window_candles(case: Case, symbol: str) -> list[Candle]:
    """Return the candles whose steps are run: those that open at or after the start."""
    return [candle for candle in case.candles[symbol] if candle.open_time_ms >= case.start_ms]


def step_times(case: Case) -> list[int]:
    """Return every instant at which a window candle of any symbol closes, in order: a step without a candle is none."""
    closes = {c.open_time_ms + case.timeframe_ms for symbol in case.symbols for c in window_candles(case, symbol)}
    return sorted(closes)


def present(case: Case, now: int) -> list[tuple[str, Candle]]:
    """Return the symbols that have a candle closing at ``now``, in configured order, each with it."""
    found = []
    for symbol in case.symbols:
        for candle in window_candles(case, symbol):
            if candle.open_time_ms + case.timeframe_ms == now:
                found.append((symbol, candle))
    return found


def candle_before(case: Case, symbol: str, candle: Candle) -> Candle | None:
    """Return the symbol's candle before this one, stored or not: the gap before the window is one like any other."""
    earlier = [other for other in known_candles(case, symbol) if other.open_time_ms < candle.open_time_ms]
    return earlier[-1] if earlier else None


def gap_is_too_long(case: Case, symbol: str, candle: Candle) -> bool:
    """Gap = (open_n - open_{n-1}) / tf - 1, judged against ``max_gap``; without an earlier candle there is no gap."""
    before = candle_before(case, symbol, candle)
    if before is None:
        return False
    gap = Fraction(candle.open_time_ms - before.open_time_ms, case.timeframe_ms) - 1
    return gap > Fraction(case.settings["max_gap"])


def may_order(case: Case, symbol: str, candle: Candle) -> bool:
    """A candle may order when ``warmup_candles`` candles of its unbroken segment came before it, stored ones too."""
    # READING: "no orders until `warmup_candles` candles after the gap" says the same: the first candle after the gap
    # has none before it, so with warm-up w the candle number w + 1 of the segment is the first that may order.
    count = 0
    walker: Candle | None = candle
    while count < case.warmup_candles:
        if walker is None or gap_is_too_long(case, symbol, walker):
            return False
        walker = candle_before(case, symbol, walker)
        count += walker is not None
    return True


def marked_closes(book: Book, symbol: str, since_ms: int | None = None) -> list[float]:
    """Return the symbol's closes that a B has used as marks, of window candles that open at or after ``since_ms``."""
    return [candle.close for candle in marked_candles(book, symbol, since_ms)]


def marked_candles(book: Book, symbol: str, since_ms: int | None = None) -> list[Candle]:
    """Return the symbol's window candles whose closes a B has used as marks, that open at or after ``since_ms``."""
    case = book.case
    return [
        candle
        for candle in window_candles(case, symbol)
        if candle.open_time_ms + case.timeframe_ms <= book.marked_ms
        and (since_ms is None or candle.open_time_ms >= since_ms)
    ]


def last_mark(book: Book, symbol: str) -> float:
    """Return the symbol's last B close: what exposure, equity at B and end-of-run closes use."""
    return marked_closes(book, symbol)[-1]


def trade_log_mark(book: Book, position: Position) -> Fraction:
    """Return the last B close, or the position's own fill price until its first B."""
    # READING: a position's first B is the first one in which its symbol has a candle. A position filled in C at a
    # close keeps its own fill price as mark through steps that bring no candle of its symbol.
    closes = marked_closes(book, position.symbol, position.marked_from_ms)
    return exact(closes[-1]) if closes else position.entry_price


def stop_level(book: Book, position: Position) -> Fraction:
    """Return the stop in force."""
    return stop_in_force(book, position)[0]


def stop_in_force(book: Book, position: Position) -> tuple[Fraction, str]:
    """Return the stop in force, and the reason of what it closes: the tightest of the first one, of one trailing level
    per close since the entry, and of those to which the strategy moved it; the reason is that of what moved it last.

    Close x (1 - trailing_stop_pct) for a long, (1 + ...) for a short, from the entry candle's own B on, never
    loosened, effective from that symbol's next candle (phase A sees only the closes of earlier steps). A long's
    trigger rounds down, a short's up.
    """
    # READING: a position filled in C at the close of candle n has no B of its entry candle after the fill; its first
    # trailing level comes from candle n + 1 and acts from candle n + 2.
    case = book.case
    tick = Fraction(case.instruments[position.symbol].tick_size)
    moves = [(time_ms, 1, level) for time_ms, moved, level in book.moved_stops if moved is position]
    if case.settings["enable_trailing_stop"]:
        fraction = exact(number(case, "trailing_stop_pct"))
        for candle in marked_candles(book, position.symbol, position.marked_from_ms):
            trailing = against_trader(exact(candle.close) * (1 - position.sign * fraction), -position.sign, tick)
            moves.append((candle.open_time_ms + case.timeframe_ms, 0, trailing))
    level, reason = position.stop, "stop"
    for _, by_strategy, moved_to in sorted(moves, key=lambda move: move[:2]):
        if position.sign * (moved_to - level) > 0:
            level, reason = moved_to, "stop" if by_strategy else "trailing_stop"
    return level, reason


def target_in_force(book: Book, position: Position) -> Fraction | None:
    """Return the target, where the strategy moved it last."""
    moved = [level for moved, level in book.moved_targets if moved is position]
    return moved[-1] if moved else position.target


def quantity_left(book: Book, position: Position) -> Fraction:
    """Return what is open of a position."""
    return position.quantity - sum((part for one, part, _ in book.left_parts if one is position), Fraction(0))


def commission_left(book: Book, position: Position) -> Fraction:
    """Return what is open of the entry's commission."""
    return position.entry_commission - sum((paid for one, _, paid in book.left_parts if one is position), Fraction(0))


def balance(book: Book) -> Fraction:
    """Return cash: opening does not change it, closing adds the realised PnL once."""
    return exact(number(book.case, "starting_balance")) + sum(book.realized, Fraction(0))


def trade_log_equity(book: Book) -> Fraction:
    """Return balance plus unrealised at each position's own mark, exact."""
    gains = (
        p.sign * (trade_log_mark(book, p) - p.entry_price) * quantity_left(book, p) for p in book.positions.values()
    )
    return balance(book) + sum(gains, Fraction(0))


def exact_equity(book: Book) -> Fraction:
    """Return balance plus unrealised at each symbol's last B close, exact: the account file's equity."""
    gains = (
        p.sign * (exact(last_mark(book, p.symbol)) - p.entry_price) * quantity_left(book, p)
        for p in book.positions.values()
    )
    return balance(book) + sum(gains, Fraction(0))


def float_equity(book: Book) -> float:
    """Return equity in float64: float(balance) plus side x (close - entry) x quantity, summed in configured order."""
    unrealised = 0.0
    for symbol in book.case.symbols:
        position = book.positions.get(symbol)
        if position is not None:
            move = last_mark(book, symbol) - float(position.entry_price)
            unrealised += position.sign * move * float(quantity_left(book, position))
    return float(balance(book)) + unrealised


def waiting_close(book: Book, symbol: str) -> Order | None:
    """Return the symbol's waiting market close of the whole position, if any."""
    closes = (order for order in book.waiting if order.symbol == symbol and not order.opens)
    return next((order for order in closes if not order.part), None)


def waiting_part(book: Book, symbol: str) -> Order | None:
    """Return the symbol's waiting market close of a part of the position, if any."""
    return next((order for order in book.waiting if order.symbol == symbol and order.part), None)


def waiting_entry(book: Book, symbol: str) -> Order | None:
    """Return the symbol's waiting market entry, if any."""
    return next((order for order in book.waiting if order.symbol == symbol and order.opens), None)


def exposure_without(book: Book, closing_symbol: str | None) -> float:
    """Return |quantity x last mark| plus waiting entries at decision price, less the position of ``closing_symbol``."""
    total = 0.0
    for symbol in book.case.symbols:
        position = book.positions.get(symbol)
        if position is not None and symbol != closing_symbol:
            total += float(quantity_left(book, position)) * last_mark(book, symbol)
        entry = waiting_entry(book, symbol)
        if entry is not None:
            total += float(entry.quantity) * entry.decision_price
    return total


def open_trades_without(book: Book, closing_symbol: str | None) -> int:
    """Return the count of positions and waiting entries, less a position being reversed."""
    open_positions = sum(symbol != closing_symbol for symbol in book.positions)
    return open_positions + sum(order.opens for order in book.waiting)


def day_start_equity(book: Book, now: int) -> float:
    """Return the equity of the last B of an earlier day than that of ``now``; on the first day the starting balance."""
    earlier = [equity for time_ms, equity, _ in book.equity_at_b if day_of(time_ms) < day_of(now)]
    return earlier[-1] if earlier else number(book.case, "starting_balance")


def peak_equity(book: Book) -> float:
    """Return the highest equity shown at any B so far, the starting balance included."""
    return max([number(book.case, "starting_balance")] + [equity for _, equity, _ in book.equity_at_b])


def drawdown_halted(book: Book) -> bool:
    """A drawdown halt stays."""
    return any(reason == "drawdown" for _, reason in book.halts)


def daily_loss_halted(book: Book, now: int) -> bool:
    """A daily-loss halt is lifted on a later day."""
    return any(reason == "daily_loss" and day_of(time_ms) == day_of(now) for time_ms, reason in book.halts)
