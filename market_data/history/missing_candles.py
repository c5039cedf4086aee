"""The error of candles, or another series, that could not be fetched, and the advice how to get them."""

from collections.abc import Mapping, Sequence

from core.candle_columns import Interval
from core.errors import DataUnavailableError
from core.instants import format_ms
from market_data.series_names import kind_and_period


class MissingCandlesError(DataUnavailableError):
    """Candles, or another series, could not be fetched; ``missing`` holds the ranges by symbol.

    ``cause`` says why and ``out_of_reach`` whether asking again may help. ``beside`` is the timeframe of the candles
    that a series of another kind is wanted for. With ``fetchable`` False there is no exchange that could be asked, and
    the advice is to import.
    """

    def __init__(
        self,
        exchange: str,
        timeframe: str,
        missing: Mapping[str, Sequence[Interval]],
        cause: str,
        *,
        beside: str = "1m",
        out_of_reach: bool = True,
        fetchable: bool = True,
    ) -> None:
        self.cause = cause
        self.out_of_reach = out_of_reach
        self.missing = {symbol: tuple(ranges) for symbol, ranges in missing.items() if ranges}
        parts = []
        for symbol, ranges in self.missing.items():
            shown = ", ".join(f"{format_ms(start)} .. {format_ms(end)}" for start, end in ranges[:3])
            parts.append(f"{symbol} {timeframe} {shown}{f' and {len(ranges) - 3} more' if len(ranges) > 3 else ''}")
        every = [bound for ranges in self.missing.values() for span in ranges for bound in span]
        span = f" --start {format_ms(min(every))} --end {format_ms(max(every))}" if every else ""
        kind = kind_and_period(timeframe)[0]
        series = f"--timeframe {timeframe}" if kind == "candles" else f"--timeframe {beside} --with {timeframe}"
        files = f"from files with `python -m market_data import --exchange {exchange} FILE...`"
        if fetchable:
            files = (
                f"with `python -m market_data fetch --exchange {exchange} --symbols {','.join(self.missing)} "
                f"{series}{span}`, or {files}"
            )
        super().__init__(
            f"{cause}; missing: {'; '.join(parts)}. Get them {files}, or use what is stored with --offline",
            symbols=tuple(self.missing),
            timeframe=timeframe,
            start_ms=min(every, default=None),
            end_ms=max(every, default=None),
        )
