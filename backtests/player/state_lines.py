"""How a playback stands, as JSON, again and again: what did not change since is not made anew."""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from backtests.player.amount import exact_text
from backtests.player.played_fold import PlayedFold
from backtests.player.player_state import Control
from backtests.player.playing import STATUS, Playing
from backtests.player.session_states import curve_points, order_of, working_orders
from core.exact import ZERO, add, plain
from engine.session import Session
from execution.money.holding import Holding
from execution.orders.order import Order

NewsKind = Literal["signals", "trades", "fills"]

_encode = msgspec.json.Encoder(enc_hook=exact_text).encode
_NONE = msgspec.Raw(b"[]")
_NEWS_SECONDS = 1 / 30
"""While it goes on, news is told so often at most: what is longer than the state is read by people only."""
GOES_ON: frozenset[Control] = frozenset({"playing", "seeking"})


class News(msgspec.Struct, frozen=True):
    """What is new of the last signals, trades or fills, each as JSON; ``count`` says how many of the last stand now."""

    kind: NewsKind
    count: int
    fresh: tuple[bytes, ...]


class StateLine(msgspec.Struct, frozen=True):
    """A state as JSON, without what seldom changes and is long: that comes as ``news``, before it."""

    control: Control
    json: bytes
    news: tuple[News, ...]


class StateLines:
    """Writes the lines of one reader of a playback; what they say is what its states say.

    Parameters
    ----------
    playing
        The playback.
    """

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._shown: dict[NewsKind, tuple[Any, ...]] = {"signals": (), "trades": (), "fills": ()}
        self._fold: PlayedFold | None = None
        self._news_due = 0.0
        self._named: tuple[Session | None, tuple[str, ...]] = (None, ())
        self._texts: dict[str, tuple[Decimal, str]] = {}
        self._orders: tuple[list[Order], list[Any], msgspec.Raw] = ([], [], _NONE)
        self._positions: dict[str, tuple[Holding, object, dict[str, Any]]] = {}
        self._trades: tuple[object, int, dict[str, Any]] = (None, -1, {})

    def line(self, first: int) -> tuple[StateLine, int]:
        """Return how it stands, with the equity of its steps from number ``first`` on, and the number after them."""
        playing, fold = self._playing, self._playing.fold
        session, index, total = fold.session, fold.position, playing.total
        account, symbols = session.account, self._symbols_of(session)
        equity, positions = account.balance, []
        holdings = account.holdings
        for symbol in symbols if holdings else ():
            holding = holdings.get(symbol)
            if holding is not None:
                gained = holding.exact_unrealized() if holding.marked else ZERO
                equity = add(equity, gained)
                positions.append(self._position(holding, gained))
        first, points = curve_points(session, playing.times_ms, first, index, total)
        candles = {} if fold.last is None else zip(symbols, fold.last.candles, strict=False)
        told = {
            "control": playing.control,
            "stopped_by": playing.stopped_by,
            "failure": playing.failure,
            "halts": playing.halts(),
            "orders": self._working(session, symbols),
            "reached_ms": playing.reached_ms,
            "now": {
                "status": STATUS.get(playing.control, "RUNNING"),
                "time_ms": session.last_step_ms,
                "index": index,
                "total": total,
                "progress_percent": 100.0 * index / total if total else 100.0,
                "candles": {name: one for name, one in candles if one is not None},
                "current_capital": self._text("balance", account.balance),
                "equity": self._text("equity", equity),
                "open_trades": positions,
                "metrics": {**self._metrics(session), "equity_curve_from": first, "equity_curve": points},
            },
        }
        return StateLine(playing.control, _encode(told), self._news(fold)), first + len(points)

    def _symbols_of(self, session: Session) -> tuple[str, ...]:
        if self._named[0] is not session:
            self._named = session, tuple(session.instruments)
        return self._named[1]

    def _news(self, fold: PlayedFold) -> tuple[News, ...]:
        now = time.monotonic()
        if self._playing.control in GOES_ON and fold is self._fold and now < self._news_due:
            return ()
        self._fold, self._news_due = fold, now + _NEWS_SECONDS
        recent, found = fold.recent, []
        kinds: tuple[tuple[NewsKind, tuple[Any, ...]], ...] = (
            ("signals", recent.signals),
            ("trades", recent.trades),
            ("fills", recent.fills),
        )
        for kind, last in kinds:
            before = self._shown[kind]
            if last is not before:
                self._shown[kind] = last
                # Each is made once for a session: one of another session is another object.
                known = {id(one) for one in before}
                found.append(News(kind, len(last), tuple([_encode(one) for one in last if id(one) not in known])))
        return tuple(found)

    def _metrics(self, session: Session) -> Mapping[str, Any]:
        account, statistics, costs = session.account, session.statistics, session.account.totals.costs
        figures, text = account.performance, self._text
        return {
            "starting_balance": figures["starting_balance"],
            "total_return": figures["total_return"],
            "total_return_pct": figures["total_return_pct"],
            "realized_pnl": text("realized", account.realized_pnl),
            "unrealized_pnl": figures["unrealized_pnl"],
            **self._of_trades(session, figures),
            "max_drawdown_pct": figures["max_drawdown_pct"],
            "peak_equity": figures["peak_equity"],
            "commission_paid": text("commission", costs.commission),
            "slippage_paid": text("slippage", costs.slippage),
            "funding_net": text("funding", account.funding_net),
            "candles_processed": statistics.candles_processed,
            "signals_generated": statistics.signals_generated,
            "signals_refused": statistics.refusals.total(),
            "orders_submitted": statistics.orders_submitted,
        }

    def _of_trades(self, session: Session, figures: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the figures that only a closed trade moves."""
        whose, count, found = self._trades
        if whose is not session or count != figures["total_trades"]:
            trades = session.account.totals.trades
            names = ("total_trades", "winning_trades", "losing_trades", "even_trades", "win_rate")
            found = {
                **{name: figures[name] for name in names},
                "profit_factor": trades.profit_factor.value,
                "expectancy": trades.expectancy.value,
                "average_win": trades.average_win.value,
                "average_loss": trades.average_loss.value,
            }
            self._trades = session, figures["total_trades"], found
        return found

    def _working(self, session: Session, symbols: tuple[str, ...]) -> msgspec.Raw:
        orders = working_orders(session, symbols)
        if not orders:
            return _NONE
        before, facts, text = self._orders
        now = [
            (one.status, one.quantity, one.filled, one.price, one.stop_price, one.last_open_ms, one.expires_ms)
            for one in orders
        ]
        if orders != before or now != facts:
            text = msgspec.Raw(_encode([order_of(one) for one in orders]))
            self._orders = orders, now, text
        return text

    def _position(self, holding: Holding, gained: Decimal) -> dict[str, Any]:
        symbol, entry, stop = holding.position.symbol, holding.entry, holding.stop
        whose, known, found = self._positions.get(symbol, (None, None, {}))
        if whose is not holding or known is not entry:
            found = {
                "symbol": symbol,
                "side": holding.position.side.value,
                "quantity": plain(entry.quantity),
                "entry_time_ms": holding.opened_ms,
                "entry_price": plain(entry.average_price()),
                "funding": plain(entry.funding),
                "tag": holding.tag,
            }
            self._positions[symbol] = holding, entry, found
        levels = holding.levels()
        return {
            **found,
            "mark": holding.mark,
            "unrealized_pnl": plain(gained),
            "stop": None if levels.stop is None else plain(levels.stop),
            "targets": [plain(price) for price in levels.targets],
            "trailed": stop is not None and stop.exit_reason != "stop",
            "liquidation": None if levels.liquidation is None else plain(levels.liquidation),
        }

    def _text(self, name: str, exact: Decimal) -> str:
        known = self._texts.get(name)
        if known is not None and known[0] is exact:
            return known[1]
        text = plain(exact)
        self._texts[name] = exact, text
        return text
