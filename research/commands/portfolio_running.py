"""``python -m research portfolio``: run several systems on one account, or show what one came to."""

import argparse

from core.command_line import INTERRUPTED, failed, say
from core.errors import ConfigurationError
from core.instants import format_ms
from research.commands.page_writing import write_page_of_portfolio
from research.commands.portfolio_blocks import show_portfolio
from research.commands.search_arguments import places_of
from research.commands.search_words import show_listed
from research.portfolio.portfolio_backtest import backtest_portfolio, portfolio_rows, read_portfolio_run
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation
from systems.places import DEFAULT_FOLDER


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("portfolio", metavar="NAME", nargs="?",
                        help="its id (config/portfolios/ID.yaml) or its file; none lists what was run")  # fmt: skip
    parser.add_argument(
        "--window", metavar="NAME", help="a window of its file, or such as 2024-01 (default: its first)"
    )
    parser.add_argument("--show", metavar="NUMBER", help="show one that was run: its number, or latest")
    parser.add_argument("--report", action="store_true", help="write a page of it too")
    parser.add_argument("--offline", action="store_true", help="use what is stored, never the network")
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")
    parser.add_argument(
        "--systems", metavar="DIR", default=DEFAULT_FOLDER,
        help="folder of systems, beside which portfolios lie (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--logs", metavar="DIR", help="instead of logging.directory")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")


def run(asked: argparse.Namespace) -> int:
    """Run a portfolio, show one, or list all."""
    if asked.show is not None and (asked.portfolio is not None or asked.window is not None):
        raise ConfigurationError("--show shows what was run — allowed: --show NUMBER alone, or NAME with --window")
    if asked.show is None and asked.portfolio is None:
        for name in ("window", "report"):
            if getattr(asked, name):
                raise ConfigurationError(f"--{name} of which portfolio? — allowed: with NAME, or --show NUMBER")
        return _list(as_json=asked.json)
    if asked.show is not None:
        with open_store() as store:
            found = read_portfolio_run(asked.show, store)
    else:
        found = backtest_portfolio(
            asked.portfolio,
            asked.window,
            places=places_of(asked),
            offline=asked.offline,
            show_progress=False if asked.json else None,
        )
    page = write_page_of_portfolio(found, None, asked.logs) if asked.report else None
    if asked.json:
        print_json(found.to_dict() | ({} if page is None else {"report": str(page)}))
    else:
        show_portfolio(found)
        if page is not None:
            say("", f"Report page: {page}")
    if found.result.partial and asked.show is None:
        return failed(f"interrupted; what was done is in {found.result.output_dir}, marked partial", INTERRUPTED)
    return 0


def _list(*, as_json: bool) -> int:
    with open_store() as store:
        rows = portfolio_rows(store)
    none = "no portfolio was run; python -m research portfolio NAME runs one"
    show_listed([_plain(one) for one in rows], none, as_json=as_json)
    return 0


def _plain(one: Optimisation) -> dict[str, object]:
    return {
        "number": one.id,
        "status": one.status,
        "portfolio": one.name,
        "window": one.window_name or "-",
        "members": one.strategy,
        "allocation": one.objective,
        "run": format_ms(one.created_ms)[:16],
    }
