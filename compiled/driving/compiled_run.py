"""Runs a compiled session to its end, batch by batch: events are made, written as text, and the next are made."""

import functools
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from compiled.codes import (
    BOUNDS,
    DECISION,
    ENDED,
    FULL,
    ON_OPPOSITE,
    ORDER_TYPES,
    OVERFLOW,
    REASONS,
    STATUSES,
    TRANSITIONS,
    WAITS,
)
from compiled.driving.candle_feed import CandleFeed
from compiled.layout import Core, Records
from compiled.session import run_steps
from compiled.text.decision_rows import JSON_PIECES, SPACE_OF_A_NOTE, put_notes
from compiled.text.event_rows import (
    PIECES,
    SPACE_OF_A_PRICE,
    SPACE_OF_A_ROW,
    Vocabulary,
    put_ledger,
    put_orders,
    put_points,
    put_start,
    put_trades,
)
from compiled.text.words import Bytes, Words
from core.candle_columns import Int64Array
from core.errors import Uncovered
from core.event_lines import quoted

Sink = Callable[[memoryview], object]
"""Takes text that is gone when it returns."""


class Events(NamedTuple):
    """The events of a batch, which are gone when the next is made; ``ends`` says where those of each step end."""

    fills: Records
    transitions: Records
    points: Records
    notes: Records
    ends: Records

    @classmethod
    def of(cls, core: Core) -> "Events":
        """Return what has happened since the records of events were emptied."""
        account = core.account[0]
        return cls(
            core.fills[: account["fills"]],
            core.transitions[: account["transitions"]],
            core.points[: account["points"]],
            core.notes[: account["decisions"]],
            core.ends[: account["ends"]],
        )


Listener = Callable[[], object]
"""Is told that there are events."""


class OpinionRows(Protocol):
    """Opinions about one symbol, in order."""

    def words(self, places: Int64Array) -> Words:
        """Return the JSON of some of them."""
        ...


class Sinks(NamedTuple):
    """What takes the lines of each output, and the float64 equity of every step; None where nobody wants them."""

    trades: Sink | None
    equity: Sink | None
    decisions: Sink | None
    orders: Sink | None
    ledger: Sink | None
    curve: Sink | None


class CompiledRun:
    """One run over the records of a core.

    Parameters
    ----------
    core, feed
        What runs, and what feeds it candles.
    symbols, strategy_name
        As they are configured.
    opinions
        The JSON of every symbol's opinions, in configured order.
    tags
        What opinions call trades, by number; the first is nothing.
    """

    def __init__(
        self,
        core: Core,
        feed: CandleFeed,
        symbols: Sequence[str],
        strategy_name: str,
        opinions: Sequence[OpinionRows],
        tags: Sequence[str] = ("",),
    ) -> None:
        self.core = core
        self._feed = feed
        self._opinions = opinions
        self.tags = tags
        self._decimals = int(core.rules[0]["money_decimals"])
        self._sums = np.zeros(6 + 2 * len(symbols), np.int64)
        self._symbols, self._strategy_name = symbols, strategy_name
        self._begun = False
        self._out: Bytes = np.empty(0, np.uint8)

    @functools.cached_property
    def _words(self) -> Vocabulary:
        symbols = self._symbols
        parts = (*(quoted(f"{kind}:{symbol}") for kind in ("accrued", "margin") for symbol in symbols), "funding")
        return Vocabulary(
            Words.of(map(quoted, symbols)),
            Words.of(REASONS),
            Words.of(TRANSITIONS),
            Words.of(STATUSES),
            Words.of(ORDER_TYPES),
            Words.of(parts),
            Words.of((*PIECES[:-1], quoted(self._strategy_name))),
            Words.of(json.dumps(tag).replace('"', '""') for tag in self.tags),
        )

    @functools.cached_property
    def _json(self) -> tuple[Words, Words, Words, Words]:
        return (
            Words.of(JSON_PIECES),
            Words.of(REASONS),
            Words.of((*BOUNDS, *ON_OPPOSITE)),
            Words.of(map(json.dumps, self._symbols)),
        )

    @functools.cached_property
    def _row_space(self) -> int:
        words = self._words
        longest = max(words.symbols.longest, words.accrued.longest) + words.tags.longest
        return SPACE_OF_A_ROW + 2 * (longest + len(self._strategy_name) * 2)

    def run(self, sinks: Sinks, listener: Listener | None = None) -> None:
        """Run to the end; a listener is called for every batch of events, once they are written.

        Raises
        ------
        Uncovered
            If a number of the run needs more than 64 bits, or a step has more events than there is room for; what was
            written then is of no use.
        """
        account = self.core.account
        while account[0]["status"] != ENDED:
            self._run_steps(sinks.curve)
            if account[0]["status"] == OVERFLOW:
                raise Uncovered("a number needs more than 64 bits")
            if account[0]["status"] == FULL:
                raise Uncovered("more happens at once than there is room for")
            if not self._begun and account[0]["steps"]:
                self._begun = True
                if sinks.ledger is not None:
                    self._write_start(sinks.ledger)
            events = Events.of(self.core)
            self._write(events, sinks)
            if listener is not None:
                listener()
            for name in ("fills", "transitions", "points", "decisions", "ends"):
                account[name] = 0

    def end_after(self, time_ms: int, at_end: int) -> None:
        """Let the run end after the last step that is not later than a time, and go on to there if it has ended.

        ``at_end`` says how it ends, as ``compiled.codes`` has it.
        """
        self.core.rules["at_end"] = at_end
        self.core = self._feed.up_to(time_ms, self.core)

    def _run_steps(self, curve: Sink | None) -> None:
        """Run steps until there is something to be written; the equity of each is taken with its candles."""
        account = self.core.account
        while True:
            run_steps(self.core)
            if curve is not None:
                curve(self.core.curve[: account[0]["curve"]].view(np.uint8).data)
            account["curve"] = 0
            if account[0]["status"] != WAITS:
                return
            self.core = self._feed.next(self.core)

    def _write_start(self, ledger: Sink) -> None:
        account, first_ms = self.core.account[0], self._feed.first_ms
        out = self._space(1, 2 * self._row_space)
        used = put_start(first_ms, account["starting_balance"], self._decimals, self._words, self._sums, out)
        ledger(out[:used].data)

    def _write(self, events: Events, sinks: Sinks) -> None:
        """Write the events that were made."""
        core, (fills, transitions, points, notes, _) = self.core, events
        if sinks.trades is not None:
            out = self._space(len(fills), self._row_space + core.levels.shape[1] * SPACE_OF_A_PRICE)
            used = put_trades(fills, core.levels, core.symbols, self._decimals, self._words, out)
            sinks.trades(out[:used].data)
        if sinks.ledger is not None:
            out = self._space(len(fills), 10 * self._row_space)
            sinks.ledger(out[: put_ledger(fills, self._decimals, self._words, self._sums, out)].data)
        if sinks.orders is not None:
            out = self._space(len(transitions), self._row_space)
            sinks.orders(out[: put_orders(transitions, core.symbols, self._words, out)].data)
        if sinks.equity is not None:
            out = self._space(len(points), self._row_space)
            sinks.equity(out[: put_points(points, self._decimals, out)].data)
        if sinks.decisions is not None:
            signals = self._signals(notes)
            out = self._space(1, len(notes) * (SPACE_OF_A_NOTE + self._json[3].longest) + len(signals.data))
            sinks.decisions(out[: put_notes(notes, core.rules, self._json, signals, out)].data)

    def _signals(self, notes: Records) -> Words:
        """Return the JSON of the signals of decisions, which then are numbered by it."""
        decisions = np.flatnonzero(notes["kind"] == DECISION)
        of_symbol, number = notes["symbol"][decisions], notes["signal"][decisions]
        parts = []
        notes["signal"][decisions] = np.argsort(np.argsort(of_symbol, kind="stable"), kind="stable")
        for s, one in enumerate(self._opinions):
            parts.append(one.words(number[of_symbol == s] - self.core.symbols[s]["first_signal"]))
        return Words.joined(parts)

    def _space(self, rows: int, each: int) -> Bytes:
        if len(self._out) < rows * each:
            self._out = np.empty(rows * each, np.uint8)
        return self._out
