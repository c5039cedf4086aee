"""Arguments and printing of ``python -m practice``."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line import CommandParser, require_open_files, say
from core.errors import ConfigurationError
from core.timeframe import DAY_MS, timeframe_ms

if TYPE_CHECKING:
    from practice.exchange import PracticeExchange
    from practice.faults.compiled_script import TimedAction
    from practice.faults.fault_script import FaultScript
    from practice.market.candle_sources import CandleSource

HOSTS = ("127.0.0.1", "localhost")
OPEN_FILES = 64
"""The exchange itself takes some ten, and each client several."""
_LOOK_S = 0.2

EXAMPLES = """\
examples:
  python -m practice
      the practice market at its usual speed times 60
  python -m practice --speed 2000 --for 1d --wait-for-streams 10
      one day in 43 seconds, once ten streams are subscribed to
  python -m practice --faults faults.yaml --start 2024-03-01
      with a fault script, see docs/practice_exchange.md
  python -m practice --store data/backtest_cache --exchange binance --start 2024-04-02 --symbols BTCUSDT,ETHUSDT
      stored candles

times are UTC; it runs until Ctrl-C
exit codes: 0 ended by Ctrl-C or SIGTERM, 2 bad arguments, 3 no such candles
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; raises ConfigurationError on bad ones, exits with 0 after ``--help``."""
    parser = CommandParser(
        prog="python -m practice",
        description=(
            "A practice exchange on this machine: Binance's public REST, spot and perpetual contracts, kline streams, "
            "and faults."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free one (default: %(default)s)")
    parser.add_argument("--host", default=HOSTS[0], help="127.0.0.1; it serves no other address")
    parser.add_argument("--speed", type=float, default=60.0, help="its seconds in a second (default: %(default)g)")
    parser.add_argument("--start", metavar="TIME", help="where its clock begins (default: 2024-01-01)")
    parser.add_argument("--for", dest="length", metavar="SPAN", help="stop its clock after 90m, 12h, 7d … of its time")
    parser.add_argument("--symbols", metavar="A,B", help="symbols listed, with commas between (default: all)")
    parser.add_argument(
        "--timeframe",
        default="1m",
        help="timeframe of the fault script, where a fault names none (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the practice market (default: %(default)s)")
    parser.add_argument("--store", type=Path, metavar="DIR", help="serve the candles of this store instead")
    parser.add_argument("--exchange", metavar="NAME", help="whose candles of the store")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="fault script, YAML or JSON")
    parser.add_argument("--random-faults", type=int, metavar="SEED", help="a fault script drawn from a seed")
    parser.add_argument(
        "--updates", type=float, default=2.0, help="most updates a second of an open candle, 0 for none"
    )
    parser.add_argument(
        "--funding-delay",
        default="3s",
        metavar="SPAN",
        help="from a payment to its funding rate (default: %(default)s)",
    )
    parser.add_argument(
        "--open-interest-delay",
        default="40s",
        metavar="SPAN",
        help="from a stamp of open interest to its row (default: %(default)s)",
    )
    parser.add_argument("--wait-for-streams", type=int, default=0, metavar="N", help="stand until N are subscribed to")
    return parser.parse_args(arguments)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    require_open_files(OPEN_FILES, "the practice exchange")
    exchange = _exchange(arguments)
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    with exchange:
        _say(*_greeting(exchange, arguments))
        told, ended = 0, False
        while not stopped.wait(_LOOK_S):
            for action in exchange.happened[told:]:
                _say(_action_line(action))
                told += 1
            if not ended and exchange.wait_finished(0.0):
                ended = True
                _say("the end is reached: its clock stands, and it answers until Ctrl-C")
    _say(f"stopped; {exchange.finals_sent} final candles sent to {exchange.connections_opened} connections")
    return 0


def _exchange(arguments: argparse.Namespace) -> "PracticeExchange":
    from core.instants import parse_instant
    from practice.exchange import PracticeExchange
    from practice.exchange_options import DEFAULT_START_MS, ExchangeOptions
    from practice.spans import span_ms

    if arguments.host not in HOSTS:
        raise ConfigurationError(f"--host {arguments.host}: the practice exchange serves 127.0.0.1 only")
    if not 0 <= arguments.updates <= 1_000 or arguments.wait_for_streams < 0:
        raise ConfigurationError("--updates is 0 to 1000, --wait-for-streams at least 0")
    start_ms = DEFAULT_START_MS if arguments.start is None else parse_instant(arguments.start, name="--start")
    end_ms = None if arguments.length is None else start_ms + span_ms(arguments.length, "--for")
    if arguments.store is None:
        source = _practice_market(arguments)
    else:
        source, last_ms = _stored(arguments)
        end_ms = end_ms or last_ms
    return PracticeExchange(
        source,
        ExchangeOptions(
            start_ms=start_ms,
            end_ms=end_ms,
            speed=arguments.speed,
            streams_before_start=arguments.wait_for_streams,
            timeframe=arguments.timeframe,
            script=_script(arguments, source, (end_ms or start_ms + DAY_MS) - start_ms),
            updates_per_second=arguments.updates,
            funding_delay=arguments.funding_delay,
            open_interest_delay=arguments.open_interest_delay,
            keep_sent=False,
            port=arguments.port,
        ),
    )


def _practice_market(arguments: argparse.Namespace) -> "CandleSource":
    from market_data.instruments.symbols import matching_symbols
    from market_data.practice.practice_listings import LISTINGS
    from practice.market.wide_market import practice_source

    if arguments.exchange is not None:
        raise ConfigurationError("--exchange belongs to --store")
    names = _names(arguments.symbols)
    if names is None:
        return practice_source(arguments.seed)
    known = [(name, matching_symbols(name, LISTINGS)) for name in names]
    return practice_source(arguments.seed, [matches[0] if matches else name for name, matches in known])


def _stored(arguments: argparse.Namespace) -> tuple["CandleSource", int]:
    """Return the stored candles as a source, and the close of the last of them."""
    from core.errors import DataUnavailableError
    from core.instants import format_ms
    from market_data.instruments.symbols import resolve_symbol
    from market_data.store.candle_store import CandleStore
    from practice.market.candle_sources import SelectedSource, StoreSource
    from practice.messages.binance_messages import is_served

    if arguments.exchange is None:
        raise ConfigurationError("--store needs --exchange, the name under which the candles are stored")
    store = CandleStore(arguments.store)
    entries = [
        entry
        for entry in store.entries()
        if (entry.exchange, entry.timeframe) == (arguments.exchange, arguments.timeframe) and is_served(entry.symbol)
    ]
    if names := _names(arguments.symbols):
        chosen = [resolve_symbol(name, (entry.symbol for entry in entries), where="the store") for name in names]
    else:
        chosen = [entry.symbol for entry in entries]
    if not chosen:
        what = f"{arguments.exchange} {arguments.timeframe}"
        raise DataUnavailableError(
            f"{arguments.store} holds no candles of {what} that can be served; import or fetch them"
        )
    first_ms = min(entry.first_ms for entry in entries if entry.symbol in chosen)
    last_ms = max(entry.last_ms for entry in entries if entry.symbol in chosen) + timeframe_ms(arguments.timeframe)
    if arguments.start is None:
        raise ConfigurationError(f"--store needs --start: stored from {format_ms(first_ms)} to {format_ms(last_ms)}")
    return SelectedSource(StoreSource(store, arguments.exchange), chosen), last_ms


def _script(arguments: argparse.Namespace, source: "CandleSource", duration_ms: int) -> "FaultScript | None":
    from practice.faults.fault_script import FaultScript
    from practice.faults.random_faults import random_faults

    if arguments.faults is not None and arguments.random_faults is not None:
        raise ConfigurationError("--faults and --random-faults exclude each other")
    if arguments.faults is not None:
        return FaultScript.from_file(arguments.faults)
    if arguments.random_faults is None:
        return None
    return random_faults(
        arguments.random_faults,
        duration_ms=duration_ms,
        symbols=list(source.markets()),
        timeframe=arguments.timeframe,
    )


def _names(text: str | None) -> list[str] | None:
    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    return names or None


def _greeting(exchange: "PracticeExchange", arguments: argparse.Namespace) -> list[str]:
    from core.instants import format_ms

    end = "for ever" if exchange.end_ms is None else f"to {format_ms(exchange.end_ms)}"
    return [
        f"REST {exchange.rest_url}/api/v3 and /fapi/v1   streams {exchange.stream_url}/stream?streams=…",
        f"{', '.join(exchange.symbols)}",
        f"its clock runs from {format_ms(exchange.start_ms)} {end}, {arguments.speed:g} of its seconds in a second",
    ]


def _action_line(action: "TimedAction") -> str:
    from core.instants import format_ms

    kind = type(action.action).__struct_config__.tag
    return f"{format_ms(action.at_ms)} {'end of ' if action.ends else ''}{kind}"


def _say(*lines: str) -> None:
    say(*lines)
    sys.stdout.flush()
