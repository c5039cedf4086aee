"""The command line of ``python -m market_data``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.command_line import CommandParser
from market_data.files.file_formats import FLAGS

DEFAULT_DATA_DIR = "data/backtest_cache"

_EXAMPLES = """\
examples:
  python -m market_data import --exchange binance candles/binance/*/1m.csv.gz
  python -m market_data import --exchange binance-perp candles/binance-perp/*/*.csv.gz
  python -m market_data import --exchange binance --symbol BTC/USDT --timeframe 1m trades.csv
  python -m market_data fetch --exchange binanceus --symbols BTCUSDT,ETHUSDT --timeframe 1m --start 2024-04-01
  python -m market_data fetch --exchange binanceusdm --symbols BTC/USDT:USDT --timeframe 1m --start 2025-05-01 \\
      --with mark,funding,open-interest
  python -m market_data list
  python -m market_data gaps --exchange binance --symbol BTC/USDT --timeframe 1m
  python -m market_data fetch --exchange binanceus --symbols BTCUSDT --timeframe 1m --again 2024-04-01..2024-04-03
  python -m market_data forget 2024-04-01..2024-04-03 --exchange binance --symbol BTC/USDT --timeframe 1m
  python -m market_data resample --exchange binance --symbol BTC/USDT --timeframe 15m
  python -m market_data export --exchange binance --symbol BTC/USDT --timeframe 1m btc.csv.gz
  python -m market_data verify

exit codes: 0 done, 1 damaged or unwritable store, 2 bad arguments or file, 3 no such candles, 130 interrupted
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line; raises ConfigurationError for one that cannot be understood."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="python -m market_data",
        description="Fetch, import, inspect and export candles, mark prices, funding rates and open interest.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=CommandParser)
    _add_fetch(verbs.add_parser("fetch", help="fetch missing candles from an exchange", allow_abbrev=False))
    _add_import(verbs.add_parser("import", help="import candle files", allow_abbrev=False))
    _add_import_tiers(verbs.add_parser("import-tiers", help="import margin tables of contracts", allow_abbrev=False))
    for verb, text in (
        ("list", "show what is stored"),
        ("gaps", "show the holes in what is stored"),
        ("verify", "re-read everything that is stored and say what is damaged"),
    ):
        inspecting = verbs.add_parser(verb, help=text, description=text, allow_abbrev=False)
        _add_selection(inspecting, required=False)
        inspecting.add_argument("--json", action="store_true", help="print JSON for scripts")
    _add_export(verbs.add_parser("export", help="write stored candles to a file", allow_abbrev=False))
    _add_forget(verbs.add_parser("forget", help="take a range out of what is stored", allow_abbrev=False))
    _add_resample(verbs.add_parser("resample", help="make longer candles of stored ones", allow_abbrev=False))
    return parser


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.description = "Fetch what the store lacks; what is stored is not asked for again."
    parser.add_argument("--exchange", required=True, help="exchange, for example binanceus, or practice")
    parser.add_argument("--symbols", required=True, help="symbols with commas between, in any spelling")
    parser.add_argument("--timeframe", required=True, help="for example 1m, 15m, 1h, 1d")
    parser.add_argument(
        "--with",
        dest="beside",
        default="",
        metavar="SERIES",
        help="what perpetual contracts have beside candles: mark, funding, open-interest, with commas between; "
        "mark-8h or open-interest-1h names another period than that of the candles",
    )
    parser.add_argument(
        "--start",
        help="first open: YYYY-MM-DD or YYYY-MM-DDTHH:MM, UTC, or `earliest`: the first that the exchange has",
    )
    parser.add_argument("--end", help="end of the range, exclusive (default: now)")
    parser.add_argument(
        "--again",
        nargs="?",
        const="",
        metavar="START..END",
        help="ask for all of a range again, whatever is known of it (without a range: that of --start and --end)",
    )
    parser.add_argument(
        "--off-grid",
        choices=("snap", "refuse"),
        default="snap",
        help="what becomes of candles that open off the timeframe's grid (default: snap)",
    )
    _add_data_dir(parser)


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Import files of candles: .csv, .csv.gz, .zip, .json, .parquet or .feather, as exchanges and programs write "
        "them; of perpetual contracts also mark-<timeframe> (the same, volume may be empty), funding "
        "(timestamp,rate[,mark_price]) and open-interest-<period> (timestamp,open_interest[,value]), told by their "
        "names. All files are read and checked before the first is stored."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="for example binance/BTC-USDT/1m.csv.gz")
    parser.add_argument("--exchange", required=True, help="name under which the candles are stored")
    parser.add_argument("--symbol", help="symbol of the files (default: read from the folder, BTC-USDT)")
    parser.add_argument(
        "--timeframe",
        help="timeframe of the files (default: read from the name, 1m.csv.gz, mark-8h.csv.gz, funding.csv.gz)",
    )
    parser.add_argument("--format", choices=FLAGS, help="form of the files (default: recognised, and said)")
    parser.add_argument("--no-volume", action="store_true", help="take candles without volumes, with a volume of 0")
    parser.add_argument(
        "--utc-offset", metavar="+HH:MM", help="how far the files' times are ahead of UTC; --utc-offset=-08:00 behind"
    )
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="store what there is of a file that loses over 5 %% of its rows",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put the files' candles in the place of stored ones, which are kept as revisions",
    )
    parser.add_argument(
        "--infer-rules", action="store_true", help="infer tick and lot anew from the stored candles, and say so"
    )
    parser.add_argument(
        "--off-grid",
        choices=("snap", "refuse"),
        help="what becomes of candles that open off the timeframe's grid (default: snap, unless all of a file do)",
    )
    _add_data_dir(parser)


def _add_import_tiers(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Import margin tables: a JSON file of tiers by symbol, each with notional_cap, maintenance_rate, max_leverage "
        "and, where known, maintenance_amount; Binance's leverage brackets and ccxt's leverage tiers are read too."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="for example tiers.json")
    parser.add_argument("--exchange", required=True, help="name under which the candles are stored")
    parser.add_argument("--as-of", help="instant from which the tables hold: YYYY-MM-DD, UTC (default: now)")
    _add_data_dir(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write the stored candles of one series to a file; the suffix of its name says the format."
    _add_selection(parser, required=True)
    parser.add_argument("--start", help="first open (default: the first candle stored)")
    parser.add_argument("--end", help="last close (default: the last candle stored)")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument("file", type=Path, metavar="FILE", help="file to write: .csv, .csv.gz or .parquet")


def _add_selection(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--exchange", required=required, help="name under which the candles are stored")
    parser.add_argument("--symbol", required=required, help="symbol, for example BTC/USDT")
    parser.add_argument("--timeframe", required=required, help="for example 1m, or mark-8h, funding, open-interest-1h")
    _add_data_dir(parser)


def _add_forget(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Take the candles of a range out of one series, and what is known of the range: it is then fetched or imported "
        "as if nothing had been there. What was stored is kept as a revision."
    )
    parser.add_argument(
        "range", metavar="START..END", help="for example 2024-01-01..2024-01-03, the end exclusive, UTC"
    )
    _add_selection(parser, required=True)


def _add_resample(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make candles of a longer timeframe of stored ones. They go into a set of their own, NAME@resampled, and never "
        "among those of an exchange."
    )
    parser.add_argument("--from", dest="source", metavar="TIMEFRAME", help="default: the longest stored one that fits")
    _add_selection(parser, required=True)


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", type=Path, default=Path(DEFAULT_DATA_DIR), help=f"default: {DEFAULT_DATA_DIR}")
