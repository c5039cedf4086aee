"""What was known of a contract in a run, in the manifest's words, and what a user hears of what was not."""

from collections.abc import Sequence

from core.candle import FundingRate
from core.candle_columns import Interval
from core.errors import DataUnavailableError
from core.instants import format_ms
from core.timeframe import HOUR_MS
from market_data.exchanges.exchange_names import known_exchanges
from market_data.quality.series_steps import funding_intervals
from market_data.series_columns import FundingColumns
from market_data.series_names import mark_series
from market_data.store.store_layout import symbol_folder

_MOST_SHOWN = 3


class MissingFundingError(DataUnavailableError):
    """Funding rates that are due in a window are not known; ``missing`` are the spans from a first one to a last."""

    def __init__(self, exchange: str, symbol: str, step_interval: str, missing: Sequence[Interval]) -> None:
        self.exchange = exchange
        self.missing = tuple(missing)
        fetch = ""
        if exchange in known_exchanges():
            fetch = (
                f" fetch them with `python -m market_data fetch --exchange {exchange} --symbols {symbol} --timeframe "
                f"{step_interval} --start {format_ms(missing[0][0])} --with funding`,"
            )
        super().__init__(
            f"{symbol}: funding rates of {exchange} are missing for {_shown(missing)}. Import them with `python -m "
            f"market_data import --exchange {exchange} .../{symbol_folder(symbol)}/funding.csv.gz`,{fetch} choose a "
            "window that has them, or set missing_funding to warning or zero",
            symbols=(symbol,),
            start_ms=missing[0][0],
            end_ms=missing[-1][1],
        )


def missing_warning(symbol: str, missing: Sequence[Interval]) -> str:
    """Return the warning about funding rates that are not known."""
    return f"{symbol}: funding rates are not known for {_shown(missing)}; no funding is paid or received there"


def mark_text(step_interval: str, timeframe: str | None, *, use_mark: bool) -> str:
    """Return which price stands for the mark price inside the steps; ``timeframe`` is the marks' own, if any."""
    if not use_mark:
        return "last price (mark prices are switched off)"
    if timeframe is None:
        return "last price"
    source = mark_series(timeframe)
    return source if timeframe == step_interval else f"{source} joined to {step_interval}"


def funding_text(funding: Sequence[FundingRate], *, given: bool, served: Sequence[str]) -> str | None:
    """Return which prices value the payments, the first that is known; None without a payment.

    ``given`` is whether any came with its rate, ``served`` are the timeframes of the marks that gave any.
    """
    without = any(rate.mark_price is None for rate in funding)
    texts = (["marks given with the rates"] if given else []) + [mark_series(timeframe) for timeframe in served]
    return ", else ".join((*texts, *(("last price",) if without else ()))) or None


def funding_facts(
    rates: FundingColumns, first: int, last: int, funding: Sequence[FundingRate], missing: Sequence[Interval]
) -> dict[str, object]:
    """Return the facts about the payments of a window, the rows ``first:last`` of all that are stored."""
    # The step into the window and out of it tell its interval where there is at most one payment in it.
    around = rates.time_ms[first:last] if last - first > 1 else rates.time_ms[max(first - 1, 0) : last + 1]
    return {
        "funding_rates": len(funding),
        "funding_without_mark": sum(rate.mark_price is None for rate in funding),
        "funding_step_hours": [step / HOUR_MS for step in funding_intervals(around)],
        "funding_missing": [_span_text(span) for span in missing],
    }


def _shown(missing: Sequence[Interval]) -> str:
    more = f" and {len(missing) - _MOST_SHOWN} more" if len(missing) > _MOST_SHOWN else ""
    return ", ".join(_span_text(span) for span in missing[:_MOST_SHOWN]) + more


def _span_text(span: Interval) -> str:
    start, end = map(format_ms, span)
    return start if start == end else f"{start} .. {end}"
