"""Phase C: strategies give their opinions, and each that is not FLAT goes through the gates, symbol by symbol."""

from collections.abc import Mapping

from core.candle import Candle
from core.errors import InvariantError, StrategyError
from core.events import Decision
from core.instants import format_ms
from core.orders import OrderSide
from core.reasons import SessionRefusal
from core.settings_problem import shortly
from core.trading_signal import FLAT, Signal
from core.verdicts import PositionVerdict, Verdict, WarmupVerdict
from engine.deciding.decision_plan import Add, Close, Enter, Held, Plan, Refuse, Reverse, plan
from engine.deciding.directives import Directives
from engine.deciding.entries import Entries
from engine.deciding.gates import Gates
from engine.deciding.opinion import Opinion
from engine.deciding.signal_check import signal_fault
from engine.kernel_rules import KernelRules
from engine.symbol_state import PresentCandles, SymbolState
from engine.watched import Watched
from execution.matching.paper_venue import PaperVenue
from strategies.features.feature_session import FeatureSession
from strategies.features.said import as_said
from strategies.own_code import failure_in_one_line
from strategies.plain_metadata import plain_metadata


class Decisions:
    """Asks strategies and carries out what their opinions come to.

    Parameters
    ----------
    rules, venue, gates
        Of the session.
    entries
        Sizes and submits entries.
    watched
        The series that are shown to the strategy and not traded.
    features
        Of a strategy that declares them; None for the other forms.
    """

    def __init__(
        self,
        rules: KernelRules,
        venue: PaperVenue,
        gates: Gates,
        entries: Entries,
        watched: Watched,
        features: FeatureSession | None = None,
    ) -> None:
        self._rules = rules
        self._watched = watched
        self._features = features
        # What fills in this phase is no part of the account at the marks.
        self._freezes = rules.entry_fill == "close"
        self._venue = venue
        self._pricing = venue.account.pricing
        self._gates = gates
        self._entries = entries
        self._directives = Directives(venue, gates)

    def decide(self, present: PresentCandles, time_ms: int, refuse_entries: SessionRefusal | None = None) -> None:
        """Ask the strategy about every candle and put each opinion that is not FLAT through the gates.

        With ``refuse_entries`` every entry is refused for that reason; closes still act.
        """
        pricing = self._pricing
        observes = pricing.observes
        features = self._features
        if features is not None:
            shown = [(state.symbol, candle) for state, candle, _ in present] if features.takes_candles else ()
            features.begin(time_ms, shown, freeze=self._freezes)
        for state, candle, _ in present:
            try:
                signal = state.opine(candle)
            except (Exception, SystemExit) as error:
                raise self.failure(state.symbol, candle, error) from error
            state.candles_seen += 1
            if signal is not FLAT:
                if not isinstance(signal, Signal):
                    raise self.failure(state.symbol, candle, _no_signal(signal))
                if signal.direction != "FLAT":
                    self._require_sound(state.symbol, candle, signal)
                    self._venue.recorder(self._judge(state, candle, signal, time_ms, refuse_entries))
            if observes:
                pricing.observe(state.symbol, candle)

    def watch(self, place: int, candle: Candle, known_ms: int | None = None) -> None:
        """Show the strategy the next candle of a watched series, before the decisions of the step that brings it.

        It must have closed by ``known_ms``; None is the warm-up, which is before every step.
        """
        try:
            self._watched.take(place, candle, known_ms)
        except InvariantError:
            raise
        except (Exception, SystemExit) as error:
            raise self.failure(self._watched.series[place].name, candle, error) from error

    def _require_sound(self, symbol: str, candle: Candle, signal: Signal) -> None:
        """Stop at a signal that is none; what it holds may be anything, also what cannot be compared."""
        try:
            fault = signal_fault(signal, candle.close, self._rules)
        except Exception as error:
            raise self.failure(symbol, candle, error) from error
        if fault is not None:
            raise self.failure(symbol, candle, fault if self._features is None else as_said(fault))

    def failure(self, symbol: str, candle: Candle, problem: BaseException | str) -> StrategyError:
        """Return the error that names strategy, symbol and candle of a failure in the user's code."""
        if isinstance(problem, BaseException):
            problem = failure_in_one_line(problem, self._rules.strategy_place)
        elif self._rules.strategy_place:
            problem = f"{problem} ({self._rules.strategy_place})"
        return StrategyError(
            f"strategy {self._rules.strategy_name} failed on {symbol} "
            f"at the candle opened {format_ms(candle.open_time_ms)}: {problem}",
            strategy=self._rules.strategy_name,
            symbol=symbol,
            open_time_ms=candle.open_time_ms,
        )

    def _judge(
        self, state: SymbolState, candle: Candle, signal: Signal, time_ms: int, refuse_entries: SessionRefusal | None
    ) -> Decision:
        """Carry out what a signal says beside an entry, then put its entry through the gates in order."""
        symbol, before, needed = state.symbol, state.candles_seen - 1, self._rules.warmup_candles
        warm = before >= needed
        verdicts: list[Verdict] = [WarmupVerdict(before, needed, None if warm else "warming_up")]
        entry_id = close_id = None
        if warm:
            close_id = self._directives.obey(symbol, signal, time_ms, verdicts)
            if signal.direction in ("LONG", "SHORT"):
                opinion = Opinion(symbol, candle, signal, OrderSide.from_signal(signal.direction), time_ms)
                entry_id, close_id = self._enter(opinion, state, refuse_entries, verdicts)
        return Decision(time_ms, symbol, signal, plain_metadata(signal.metadata), tuple(verdicts), entry_id, close_id)

    def _enter(
        self, opinion: Opinion, state: SymbolState, refuse_entries: SessionRefusal | None, verdicts: list[Verdict]
    ) -> tuple[str | None, str | None]:
        """Put an opinion through the gates; the first that refuses ends it. Return the ids of its entry and close."""
        symbol, time_ms, entry_id, close_id = opinion.symbol, opinion.time_ms, None, None
        wanted = self._planned(opinion, verdicts)
        if wanted.withdraws:
            self._venue.book.cancel_entry(symbol, time_ms, "opposite_signal")
        if isinstance(wanted, Close | Reverse):
            close_id = self._gates.queue_close(symbol, time_ms, "opposite_signal")
        if isinstance(wanted, Enter | Add | Reverse):
            entry_id = self._entries.enter(opinion, wanted, refuse_entries, verdicts)
        at_close = self._rules.entry_fill == "close" and opinion.signal.entry in (None, "market")
        if entry_id is not None and at_close and not isinstance(wanted, Reverse):
            fine = state.last_fine if state.last_detail_ms >= opinion.candle.open_time_ms else None
            self._entries.fill_at_close(symbol, opinion.candle, fine, time_ms)
        return entry_id, close_id

    def _planned(self, opinion: Opinion, verdicts: list[Verdict]) -> Plan:
        """Return what the opinion asks for, and tell what the symbol's position or waiting entry made of it."""
        rules, book, symbol, side = self._rules, self._venue.book, opinion.symbol, opinion.side
        holding, entry = self._venue.account.holdings.get(symbol), book.entries.get(symbol)
        wanted = plan(
            None if holding is None else Held(holding.position.side, symbol in book.closes),
            None if entry is None else (side if entry.sign == side.sign else side.opposite),
            side,
            rules.on_opposite_signal,
            may_add=holding is not None and holding.entries < rules.max_entries,
        )
        reason = wanted.reason if isinstance(wanted, Refuse) else None
        by_entry = reason == "entry_waiting" or (reason is None and wanted.withdraws)
        if not isinstance(wanted, Add) and (reason is not None or by_entry or isinstance(wanted, Close | Reverse)):
            verdicts.append(
                PositionVerdict(
                    rules.on_opposite_signal,
                    None if by_entry or holding is None else holding.position.side.value,
                    entry.client_order_id if by_entry and entry is not None else None,
                    reason,
                )
            )
        return wanted


def _no_signal(answer: object) -> str:
    """Say what a stream answered instead of a signal."""
    like_a_frame = " as generate_signal does" if isinstance(answer, Mapping) else ""
    return (
        f"update returned {shortly(answer)}{like_a_frame}; a Signal is needed, "
        "such as core.trading_signal.FLAT or Signal('LONG', sl_distance=5.0)"
    )
