"""Which runs are asked for, and in which order."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Double, Select, cast, func, or_

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean
from runs.store.store_rows import Kind, Status
from runs.store.tables import RUN

HEADLINES = (
    "trades", "net_profit", "total_return_pct", "max_drawdown_pct", "win_rate", "profit_factor", "sharpe", "sortino",
    "calmar",
)  # fmt: skip
"""Figures that have a column of their own."""
_COLUMNS = {
    "trade_quality.trades": "trades",
    "trade_quality.win_rate_pct": "win_rate",
    "trade_quality.profit_factor": "profit_factor",
    "performance.net_profit": "net_profit",
    "performance.total_return_pct": "total_return_pct",
    "drawdown.max_drawdown_pct": "max_drawdown_pct",
    "risk_adjusted.sharpe": "sharpe",
    "risk_adjusted.sortino": "sortino",
    "risk_adjusted.calmar": "calmar",
}
"""They by their full names: what has a column is not looked for among all figures of every run."""
_TEXTS = ("name", "run_id", "strategy", "timeframe", "status", "exchange")
_TIMES = {"started": "started_ms", "duration": "duration_ms", "start": "start_ms", "end": "end_ms"}
_SEARCHED = ("given_name", "name", "run_id", "strategy", "symbol_keys", "tag_keys", "note")
SORTS = ("started", "duration", "start", "end", *_TEXTS, *HEADLINES)
"""What runs are sorted by, beside any figure of their metrics."""


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What every run that is asked for must be; None asks for nothing.

    ``symbol`` in any spelling; ``strategy`` and ``tag`` whole, capitals aside; ``since_ms`` counts from when a run was
    made, ``until_ms`` to when. ``text`` stands somewhere in a run's names, id, strategy, symbols, tags or note,
    capitals aside; ``least_trades`` is how many trades it has at least. ``sort`` names a column or a figure: texts go
    up, everything else down, what has no value last; ``reverse`` turns that round. ``limit`` is the most that are
    returned, after ``offset`` that are passed over.
    """

    symbol: str | None = None
    strategy: str | None = None
    since_ms: int | None = None
    status: Status | None = None
    kind: Kind | None = None
    tag: str | None = None
    until_ms: int | None = None
    text: str | None = None
    least_trades: int | None = None
    sort: str = "started"
    reverse: bool = False
    limit: int | None = None
    offset: int = 0

    def apply(self, query: Select[Any]) -> Select[Any]:
        """Return a query of runs with these conditions, order and limit.

        Raises
        ------
        ConfigurationError
            If there is no such figure to sort by.
        """
        return self.narrow(query).order_by(*self._order()).limit(self.limit).offset(self.offset or None)

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """Return a query of runs with these conditions alone."""
        return query.where(*self._conditions())

    def _conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.symbol is not None:
            found.append(RUN.c.symbol_keys.contains(f"|{symbol_key(self.symbol)}|", autoescape=True))
        if self.strategy is not None:
            found.append(func.lower(RUN.c.strategy) == self.strategy.lower())
        if self.since_ms is not None:
            found.append(RUN.c.started_ms >= self.since_ms)
        if self.status is not None:
            found.append(RUN.c.status == self.status)
        if self.kind is not None:
            found.append(RUN.c.kind == self.kind)
        if self.tag is not None:
            found.append(RUN.c.tag_keys.contains(f"|{tag_key(self.tag)}|", autoescape=True))
        if self.until_ms is not None:
            found.append(RUN.c.started_ms < self.until_ms)
        if self.least_trades is not None:
            found.append(RUN.c.trades >= self.least_trades)
        if self.text is not None:
            found.append(or_(*(RUN.c[one].icontains(self.text, autoescape=True) for one in _SEARCHED)))
        return found

    def _order(self) -> list[ColumnElement[Any]]:
        column = self._sorted_by()
        upward = (self.sort in _TEXTS) != self.reverse
        ordered = column.asc() if upward else column.desc()
        return [ordered.nulls_last(), RUN.c.started_ms.desc().nulls_last(), RUN.c.id.desc()]

    def _sorted_by(self) -> ColumnElement[Any]:
        name = self.sort
        if name in HEADLINES:
            return _headline(name)
        if name == "name":
            return func.coalesce(RUN.c.given_name, RUN.c.name)
        if name in _TEXTS:
            return RUN.c[name]
        if name in _TIMES:
            return RUN.c[_TIMES[name]]
        from metrics.run_metrics import (
            FIGURE_NAMES,
            full_name,
        )  # Only figures without a column need their names looked up.

        try:
            whole = full_name(name)
        except KeyError:
            hint = did_you_mean(name, {*SORTS, *FIGURE_NAMES})
            raise ConfigurationError(
                f"--sort {name!r}: no run has such a figure{hint} — allowed: {', '.join(SORTS)}, or any figure of "
                "`show`"
            ) from None
        if whole in _COLUMNS:
            return _headline(_COLUMNS[whole])
        group, _, figure = whole.partition(".")
        value: ColumnElement[Any] = RUN.c.figures[group][figure].as_float()
        return value


def _headline(name: str) -> ColumnElement[Any]:
    # Money is text, which sorts by its letters.
    return cast(RUN.c.net_profit, Double) if name == "net_profit" else RUN.c[name]


def symbol_key(symbol: str) -> str:
    """Return what the spellings of a symbol have in common: BTC/USDT, btc-usdt and BTCUSDT are one."""
    return "".join(letter for letter in symbol.partition(":")[0].upper() if letter.isalnum())


def tag_key(tag: str) -> str:
    """Return what two tags have in common that differ by capitals alone."""
    return tag.casefold()
