"""What runs are fed, in a file that several processes map into their memory: it is there once, however many read it."""

import mmap
import pickle
from pathlib import Path

from backtests.market_input import MarketInput
from core.candle_columns import CandleColumns, one_after_the_other

_ALIGNED = 64


def write_market(path: Path, market: MarketInput) -> None:
    """Write what a run is fed: first everything but the columns, then these, one behind the other."""
    joined = {
        symbol: (one.warmup.rows, one._replace(warmup=CandleColumns.empty(), window=one_after_the_other(*one[1:3])))
        for symbol, one in market.candles.items()
    }
    # Views of a mapping cannot be pickled.
    plain = market._replace(
        candles={},
        detail=dict(market.detail),
        perpetual=dict(market.perpetual),
        watched=dict(market.watched),
        open_interest=dict(market.open_interest),
        memory=None,
        hashed=None,
    )
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps((joined, plain), protocol=5, buffer_callback=buffers.append)
    columns = [one.raw() for one in buffers]
    with path.open("wb") as file:
        pickle.dump((head, [len(column) for column in columns]), file)
        for column in columns:
            file.write(bytes(-file.tell() % _ALIGNED))
            file.write(column)


def mapped_market(path: Path) -> MarketInput:
    """Return what :func:`write_market` wrote; its columns are views of the file, which writing to would not change."""
    with path.open("rb") as file:
        return market_in(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def market_in(memory: mmap.mmap) -> MarketInput:
    """Return what has the bytes of such a file; its columns are views of the memory that these are in."""
    head, lengths = pickle.load(memory)  # Written by this program, a moment ago.
    at, whole = memory.tell(), memoryview(memory)
    columns = []
    for length in lengths:
        at += -at % _ALIGNED
        columns.append(whole[at : at + length])
        at += length
    joined, market = pickle.loads(head, buffers=columns)
    candles = {
        symbol: one._replace(warmup=one.window.slice(0, before), window=one.window.slice(before, one.window.rows))
        for symbol, (before, one) in joined.items()
    }
    found: MarketInput = market._replace(candles=candles)
    return found
