"""What a strategy says about every candle, heard before anything is traded on it.

That is possible where it decides by candles alone, or by these and the side of its position: it is asked beside each
that it may have. A strategy that looks at more of its position or at the account, or hears of fills, is noticed here
and has to be run step by step.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from backtests.engines.heard_at_once import heard_at_once
from backtests.engines.hearing import Hearing
from backtests.engines.said_sample import require_decided
from backtests.engines.said_so_far import SaidSoFar
from backtests.engines.unseen_account import SIDES, UnseenAccount, kept_by
from backtests.market_input import MarketInput
from backtests.timeline import candles_of
from compiled.codes import UNHELD
from compiled.driving.compiled_run import OpinionRows
from compiled.driving.opinion_rows import NO_WORDS, SaidWords, WordedRows
from compiled.layout import SIGNAL_ROW, Records
from compiled.text.words import TextRows
from core.candle import Candle
from core.candle_columns import one_after_the_other, slots
from core.errors import StrategyError, Uncovered
from engine.assembly import known_candles, streams_of
from engine.kernel_rules import KernelRules
from engine.warm_up import warm_up
from engine.watched import Watched, watched_series_of
from market_data.history.loaded_candles import LoadedCandles
from strategies.features.column_stream import ColumnStream
from strategies.features.feature_session import FeatureSession
from strategies.features.program_port import CallsProgram
from strategies.strategy import SignalStream, Strategy, StreamingStrategy
from validation.composed_settings import Settings

Candles = Mapping[str, LoadedCandles]


class Opinions(NamedTuple):
    """What was said of each symbol, its rows those of the window, how it is told, and the words of all of it."""

    rows: list[Records]
    told: list[OpinionRows]
    said: SaidWords = NO_WORDS


def opinions_of(
    strategy: Strategy | StreamingStrategy,
    settings: Settings,
    rules: KernelRules,
    market: MarketInput,
    *,
    told: bool = True,
) -> Opinions:
    """Return what a strategy says about every candle of the window; as text too where it is ``told``.

    Raises
    ------
    Uncovered
        If it cannot be heard beforehand, or says what the compiled rules do not know.
    StrategyError
        If what it offers as columns is none.
    """
    candles = market.candles
    known = known_candles(market.ahead(), rules)
    by_columns = rules.detail_ms is None or not bridges_a_gap(market, rules)
    streamed = msgspec.structs.replace(rules, detail_ms=None) if by_columns else rules
    features, opened = streams_of(strategy, settings, known, streamed)
    if isinstance(features, CallsProgram):
        raise Uncovered("the strategy is a program")
    account = UnseenAccount(by_side=features is not None and not features.takes_candles)
    kept_before = kept_by(strategy)
    if features is not None:
        if features.wants_news:
            raise Uncovered("the strategy hears of fills")
        features.connect(account)
    made_by = WordedRows()
    said = [SaidSoFar(rules, made_by, told=told) for _ in candles]
    try:
        at_once = _all_at_once(features, rules, market, account, told=told)
    except (Uncovered, StrategyError):
        raise
    except (Exception, SystemExit) as error:
        raise Uncovered("the strategy fails") from error
    if at_once is not None:
        return at_once
    try:
        streams = _columns(features, opened, candles)
        if streams is None or features is None:
            watched = Watched(watched_series_of(settings, strategy), strategy if features is None else features)
            _hear_all(opened, features, rules, market, watched, said)
        else:
            by_side = _hear_some(streams, features, rules, candles, said, account)
            if by_side and (kept_before is None or kept_by(strategy) != kept_before):
                raise Uncovered("the strategy looks at its position and keeps what it has seen")
    except Uncovered:
        raise
    except (Exception, SystemExit) as error:
        raise Uncovered("the strategy fails") from error
    if account.asked:
        raise Uncovered("the strategy looks at the account")
    rows = [np.array(one.rows, SIGNAL_ROW) for one in said]
    return Opinions(rows, [TextRows(one.texts) for one in said], made_by.said)


def _all_at_once(
    features: FeatureSession | None, rules: KernelRules, market: MarketInput, account: UnseenAccount, *, told: bool
) -> Opinions | None:
    """Return what a strategy offers as columns; None where it does not."""
    made_by, heard = WordedRows(), []
    for symbol, (_, warmup, window, *_) in market.candles.items():
        if features is None:
            return None
        # Of many runs of a strategy the first is compared, whole.
        key = "decided", symbol, type(features.strategy)
        compared = market.memory is not None and market.memory.knows(key)
        said = features.signals(symbol, told=told or not compared)
        if said is None:
            return None
        said = said.from_row(warmup.rows)
        compare = functools.partial(require_decided, said, features, symbol, window.open_time_ms, account)
        if market.memory is None:
            compare()
        else:
            market.memory.once(key, compare)
        features.forget(symbol)
        heard.append(heard_at_once(said, window.close, rules, made_by, told=told))
    return Opinions([one.rows for one in heard], [one.told for one in heard], made_by.said)


def _columns(
    features: FeatureSession | None, opened: Callable[[str], SignalStream], candles: Candles
) -> list[ColumnStream] | None:
    """Return the streams over columns that lie ready; None where a strategy is shown its candles one by one."""
    if features is None or features.takes_candles:
        return None
    streams = [opened(symbol) for symbol in candles]
    return [one for one in streams if isinstance(one, ColumnStream)]


def _hear_some(
    streams: Sequence[ColumnStream],
    features: FeatureSession,
    rules: KernelRules,
    candles: Candles,
    said: Sequence[SaidSoFar],
    account: UnseenAccount,
) -> bool:
    """Ask a strategy where it may have an opinion, in the order of the steps and of the symbols.

    Return whether it has looked at its position, and so was asked beside each that it may have.
    """
    by_side = False
    windows = [one.window for one in candles.values()]
    asked = [np.intersect1d(one.asked_at, window.open_time_ms) for one, window in zip(streams, windows, strict=True)]
    rows = [np.searchsorted(window.open_time_ms, opens) for window, opens in zip(windows, asked, strict=True)]
    symbols = np.concatenate([np.full(len(opens), s) for s, opens in enumerate(asked)])
    order = np.lexsort((symbols, np.concatenate(asked)))
    for s, row in zip(symbols[order].tolist(), np.concatenate(rows)[order].tolist(), strict=True):
        window = windows[s]
        candle = Candle(*(column[row].item() for column in window))
        features.begin(candle.open_time_ms + rules.timeframe_ms)
        account.show(None)
        signal = streams[s].decide(candle)
        if not account.looked:
            said[s].take(row, signal, candle.close)
            continue
        by_side = True
        said[s].take(row, signal, candle.close, UNHELD)
        for held, side in SIDES:
            account.show(side)
            said[s].take(row, streams[s].decide(candle), candle.close, held)
    return by_side


def _hear_all(
    opened: Callable[[str], SignalStream],
    features: FeatureSession | None,
    rules: KernelRules,
    market: MarketInput,
    watched: Watched,
    said: Sequence[SaidSoFar],
) -> None:
    """Show a strategy every candle, as a session does."""
    hearing, rows = Hearing(rules, tuple(market.candles), opened, watched, features), [0] * len(said)
    stored, beside = market.candles.values(), market.watched.values()
    warm_up(hearing, [candles_of(one.warmup) for one in stored], [candles_of(one.warmup) for one in beside])
    for s, candle, signal in hearing.opinions(market.window()._replace(marks=(), funding=(), open_interest=())):
        said[s].take(rows[s], signal, candle.close)
        rows[s] += 1


def bridges_a_gap(market: MarketInput, rules: KernelRules) -> bool:
    """Return whether a finer candle joins strategy candles that are too far apart to be of one segment.

    Columns of strategy candles know nothing of it.
    """
    longest = rules.longest_open_distance_ms
    for symbol, finer in market.detail.items():
        one = market.candles[symbol]
        opens = one_after_the_other(one.warmup, one.window).open_time_ms
        for place in np.flatnonzero(np.diff(opens) > longest).tolist():
            before, after = opens[place : place + 2].tolist()
            between = slots(finer.window.between(before, after).open_time_ms, rules.timeframe_ms)
            if (np.diff(between, prepend=before, append=after) <= longest).all():
                return True
    return False
