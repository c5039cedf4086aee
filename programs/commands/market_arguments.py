"""Arguments that say on which market a program is run or tried."""

import argparse

from backtests.config_backtest import wall_clock_ms
from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.time_range import WINDOW_FORMS, TimeRange
from core.timeframe import timeframe_ms
from programs.backtest_config import PRACTICE_CONFIG
from programs.commands.verb_arguments import listed
from programs.moment import PRACTICE_MOMENT, Moment
from programs.program_run import ProgramMarket


def add_market(parser: argparse.ArgumentParser) -> None:
    """Add the configuration, and what replaces some of its keys."""
    parser.add_argument(
        "--config", metavar="FILE", default=PRACTICE_CONFIG, help="default: %(default)s, the embedded practice market"
    )
    parser.add_argument("--interval", metavar="TF", help="timeframe instead of the configuration's, e.g. 15m, 1h")
    parser.add_argument("--symbols", metavar="A,B", type=listed, help="symbols instead of the configuration's")
    parser.add_argument("--offline", action="store_true", help="use what is stored; never the network")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")


def add_window(parser: argparse.ArgumentParser) -> None:
    """Add the range of a run."""
    parser.add_argument("--start", metavar="TIME", help="first candle's open: YYYY-MM-DD[THH:MM[:SS]], UTC")
    parser.add_argument("--end", metavar="TIME", help="end, exclusive")
    parser.add_argument("--window", metavar="RANGE", help=f"instead of --start and --end: {WINDOW_FORMS}")


def add_moment(parser: argparse.ArgumentParser) -> None:
    """Add the moment at which something is tried."""
    usual = f"{PRACTICE_MOMENT} on the practice market, elsewhere the last close that is stored"
    parser.add_argument("--at", metavar="TIME", help=f"when, YYYY-MM-DD[THH:MM], UTC (default: {usual})")
    parser.add_argument("--symbol", metavar="S", help="about which symbol it is asked (default: the first)")


def market_of(asked: argparse.Namespace) -> ProgramMarket:
    """Return the market that the arguments name."""
    return ProgramMarket(asked.config, asked.symbols, asked.interval, asked.data_dir)


def window_of(asked: argparse.Namespace) -> TimeRange:
    """Return the range that the arguments name.

    Raises
    ------
    ConfigurationError
        If there is none, or two.
    """
    now_ms = wall_clock_ms()
    if asked.window is not None:
        if (asked.start, asked.end) != (None, None):
            raise ConfigurationError("--window and --start or --end name two ranges; allowed: one of the two")
        return TimeRange.from_window_string(asked.window, now_ms).known_by(now_ms)
    if asked.start is None or asked.end is None:
        half = asked.start is not None or asked.end is not None
        wrong = f"--{'end' if asked.end is None else 'start'} is missing" if half else "no range is named"
        raise ConfigurationError(f"{wrong} — allowed: --start TIME and --end TIME, or --window RANGE")
    window = TimeRange.from_dates(asked.start, asked.end)
    window.known_by(now_ms)
    return window


def require_candles(window: TimeRange, timeframe: str) -> None:
    """Refuse a range in which no whole candle of a length can lie.

    Raises
    ------
    ConfigurationError
        If it is shorter.
    """
    if window.length_ms < timeframe_ms(timeframe):
        raise ConfigurationError(f"from {window} no candle of {timeframe} fits — allowed: a longer range")


def moment_of(asked: argparse.Namespace) -> Moment:
    """Return the moment that the arguments name.

    Raises
    ------
    ConfigurationError
        If it is no time, or has not been.
    """
    now_ms = wall_clock_ms()
    at_ms = None if asked.at is None else parse_instant(asked.at, name="--at")
    if at_ms is not None and at_ms > now_ms:
        raise ConfigurationError(f"--at {asked.at}: has not been; it is {format_ms(now_ms)} — allowed: a time before")
    return Moment(market_of(asked), at_ms, now_ms, asked.symbol, offline=asked.offline)
