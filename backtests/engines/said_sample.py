"""A few rows at which a strategy is asked although it has said all at once: it must decide what it has said."""

import numpy as np

from backtests.engines.unseen_account import SIDES, UnseenAccount
from compiled.text.signal_rows import as_json, told_of
from core.candle_columns import Int64Array
from core.errors import StrategyError
from core.instants import format_ms
from core.trading_signal import FLAT, Signal
from strategies.features.feature_session import FeatureSession
from strategies.features.said import Held
from strategies.features.session_facts import Side
from strategies.features.signal_columns import HELD, SignalColumns

WITH_AN_OPINION, ANY = 4, 2
"""How many rows of a symbol are asked, spread evenly: with an opinion, and whichever they are."""
_BESIDE: tuple[tuple[Held, Side | None], ...] = (("nothing", None), *((side, side) for _, side in SIDES))


def require_decided(
    said: SignalColumns, features: FeatureSession, symbol: str, opens: Int64Array, account: UnseenAccount
) -> None:
    """Refuse columns that say at a row of the sample what ``decide`` does not.

    Parameters
    ----------
    said
        The opinions of the window's candles.
    features, symbol
        Asked, about a symbol whose candles end with those of the window.
    opens
        When the window's candles open.
    account
        Shows a position of each side in turn.
    """
    chosen = np.concatenate((said.rows[_spread(len(said.rows), WITH_AN_OPINION)], _spread(len(opens), ANY)))
    for row in np.unique(chosen).tolist():
        opened_ms = opens[row].item()
        features.begin(opened_ms + features.plan.timeframe_ms)
        first, end = np.searchsorted(said.rows, (row, row + 1)).tolist()
        heard = {HELD[said.held[place]]: said.signal(place) for place in range(first, end)}
        decided = FLAT
        for held, side in _BESIDE:
            if side is None or account.looked:
                account.show(side)
                decided = features.answer_at(symbol, row - len(opens))
            claimed = heard.get(held, heard.get(None, FLAT))
            if claimed != decided and _told(claimed) != _told(decided):
                raise StrategyError(
                    f"signals(columns) says {_told(claimed)} about {symbol} beside {held} at the candle opened "
                    f"{format_ms(opened_ms)}, and decide {_told(decided)} ({features.place_of('signals')})",
                    symbol=symbol,
                    open_time_ms=opened_ms,
                )


def _spread(rows: int, count: int) -> Int64Array:
    """Return so many of some rows, from the first to the last."""
    return np.linspace(0, rows - 1, min(count, rows)).astype(np.int64)


def _told(signal: Signal) -> str:
    return "nothing" if signal.direction == "FLAT" else as_json(told_of(signal))
