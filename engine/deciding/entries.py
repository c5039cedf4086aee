"""An entry that a signal asks for: sized by risk, shown to safety, submitted to execution."""

from collections.abc import Sequence

from core.candle import Candle
from core.exact import as_float
from core.orders import OrderRequest, OrderType
from core.reasons import SessionRefusal
from core.trading_signal import is_plain
from core.verdicts import ExecutionVerdict, RiskVerdict, SafetyVerdict, SessionVerdict, Verdict
from engine.deciding.decision_plan import Add, Enter, Reverse
from engine.deciding.entry_orders import entry_order, entry_way
from engine.deciding.gates import Gates
from engine.deciding.opinion import Opinion
from engine.kernel_rules import KernelRules
from execution.matching.paper_venue import PaperVenue
from execution.safety.safety_monitor import SafetyViolation
from execution.scripting.execution_engine import OrderRefused
from risk_management.entry_sizing import Refusal, SizedEntry, SizingBasis


class Entries:
    """Sends entries through the gates.

    Parameters
    ----------
    rules, symbols, venue, gates
        Of the session; symbols in configured order.
    """

    def __init__(self, rules: KernelRules, symbols: Sequence[str], venue: PaperVenue, gates: Gates) -> None:
        self._rules = rules
        self._symbols = symbols
        self._venue = venue
        self._gates = gates

    def enter(
        self,
        opinion: Opinion,
        wanted: Enter | Add | Reverse,
        refuse_entries: SessionRefusal | None,
        verdicts: list[Verdict],
    ) -> str | None:
        """Size an entry and submit it; return its order's id, None where a gate refuses it. Verdicts are added.

        A reversing entry sees the account without the position that is closing; one that adds is no further trade, and
        is sized by what its position leaves of the exposure that a position may have.
        """
        if refuse_entries is not None:
            verdicts.append(SessionVerdict(refuse_entries))
            return None
        symbol, price, safety = opinion.symbol, opinion.candle.close, self._gates.safety
        open_trades, exposure = self.counted(without=symbol if isinstance(wanted, Reverse) else None)
        if isinstance(wanted, Add):
            open_trades -= 1
        safety.observe_book(open_trades, exposure)
        basis = self._basis(opinion, exposure, adds=isinstance(wanted, Add))
        instrument = self._venue.account.pricing.rules(symbol)
        sized = self._gates.risk.size_entry(opinion.signal, basis, instrument)
        if not isinstance(sized, Refusal) and self._lacks_trail(opinion.signal.atr):
            sized = Refusal("trailing_distance")
        verdicts.append(self._risk_verdict(basis, exposure, sized, opinion.signal.size))
        if isinstance(sized, Refusal):
            return None
        quantity = as_float(sized.quantity)
        shown = SafetyVerdict(open_trades, exposure, quantity * sized.worst_distance, quantity * price)
        return self._submit(entry_order(self._rules, instrument, opinion, sized), opinion, shown, verdicts)

    def fill_at_close(self, symbol: str, candle: Candle, fine: Candle | None, time_ms: int) -> None:
        """Fill an entry at the close that decided it; ``fine`` is the finer candle that was matched last, if any.

        The one exception to "nothing fills inside the candle that caused it".
        """
        self._venue.immediate.enter_at_close(self._venue.book.entries[symbol], candle.close, fine or candle, time_ms)

    def _basis(self, opinion: Opinion, exposure: float, *, adds: bool) -> SizingBasis:
        """Return what an entry is sized on; what adds has no more room than its position leaves of its own cap."""
        safety, cap = self._gates.safety, self._gates.risk.config.max_exposure
        price = opinion.candle.close
        # Only levels that are prices are measured from where the entry is expected.
        plain = is_plain(opinion.signal)
        expected = None if plain else entry_way(self._rules, opinion.signal, opinion.side, price).price
        equity, limits = safety.current_equity, safety.limits
        room, risk_limit = limits.max_exposure_pct * equity - exposure, limits.max_risk_per_trade_pct * equity
        if adds and cap is not None:
            left = cap * equity - self._venue.account.holdings[opinion.symbol].exposure()
            if left < room:
                return SizingBasis(equity, price, left, risk_limit, "position_cap", entry_price=expected)
        return SizingBasis(equity, price, room, risk_limit, entry_price=expected)

    def _risk_verdict(
        self, basis: SizingBasis, exposure: float, sized: SizedEntry | Refusal, share: float
    ) -> RiskVerdict:
        equity, price, room = basis.equity, basis.price, basis.room
        if isinstance(sized, Refusal):
            return RiskVerdict(equity, price, exposure, room, reason=sized.reason)
        asked = equity * self._gates.risk.config.default_risk_per_trade * share
        return RiskVerdict(
            equity,
            price,
            exposure,
            room,
            as_float(sized.quantity),
            sized.stop_distance,
            sized.bound,
            asked,
            sized.risk_taken,
        )

    def _submit(
        self, order: OrderRequest, opinion: Opinion, shown: SafetyVerdict, verdicts: list[Verdict]
    ) -> str | None:
        rules, time_ms = self._rules, opinion.time_ms
        deadline_ms = time_ms + rules.order_wait_ms if order.order_type is OrderType.MARKET else None
        try:
            accepted = self._gates.execution.submit_order(
                order, opinion.candle.close, decided_ms=time_ms, wait_until_ms=deadline_ms
            )
        except SafetyViolation as violation:
            verdicts.append(SafetyVerdict(shown.open_trades, shown.exposure, shown.risk, shown.value, violation.reason))
            return None
        except OrderRefused as refused:
            verdicts += (shown, ExecutionVerdict(refused.reason))
            return None
        verdicts += (shown, ExecutionVerdict())
        self._gates.statistics.orders_submitted += 1
        return accepted.order_id

    def _lacks_trail(self, atr: float | None) -> bool:
        """Return whether a trailing stop in ATR has no distance to follow at."""
        return self._rules.trailing_atr is not None and not (atr is not None and atr > 0)

    def counted(self, without: str | None = None) -> tuple[int, float]:
        """Return the number and the value of positions and waiting entries, without one symbol's position."""
        holdings, entries = self._venue.account.holdings, self._venue.book.entries
        count, exposure = 0, 0.0
        for symbol in self._symbols:
            holding = holdings.get(symbol)
            if holding is not None and symbol != without:
                count += 1
                exposure += holding.exposure()
            entry = entries.get(symbol)
            if entry is not None:
                # What adds to a position is no further trade.
                count += holding is None or holding.sign != entry.sign
                exposure += entry.exposure()
        return count, exposure
