"""Replays a session's journal into a folder: the outputs that the journal says the session wrote.

``python -m backtests.journal_replay SESSION --out DIR`` opens only the journal and the manifest of the session's
folder. It writes the outputs of a session (``trades.csv``, ``equity.csv``, ``decisions.jsonl``, ``orders.csv``,
``ledger.csv``) and ``replay.json``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.command_line import CommandParser, failed, say
from core.errors import ConfigurationError, HarnessError, ParityError

EXIT_CODES = """\
exit codes: 0 replayed, 1 the journal is damaged or a file cannot be written, 2 no session folder,
4 the outputs are not those that the journal saw
"""


def _run(arguments: Sequence[str] | None) -> int:
    parser = CommandParser(
        prog="python -m backtests.journal_replay",
        description="Replay a session's journal into a folder; only journal and manifest are read.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("session", metavar="SESSION", help="folder of the session")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder of the replay's outputs")
    parser.add_argument("--engine", choices=("auto", "reference", "compiled"), default="auto", help="as of parity")
    asked = parser.parse_args(arguments)

    from backtests.portfolio.portfolio_replay import replay_portfolio
    from backtests.proof.replayed_journal import replayed
    from backtests.proof.session_head import read_head
    from validation.portfolio_settings import PortfolioFeed

    head = read_head(asked.session)
    directory = Path(asked.out)
    if directory.resolve() == head.folder.resolve():
        raise ConfigurationError(f"--out {directory}: is the session's own folder; the replay must not overwrite it")
    settings = head.settings()
    if isinstance(settings, PortfolioFeed):
        done_by_all = replay_portfolio(head, settings, directory)
        if done_by_all.broken is not None:
            raise ParityError(done_by_all.broken)
        say(f"{done_by_all.steps} steps of {len(settings.portfolio.members)} members replayed")
        return 0
    found = replayed(head, settings, directory, asked.engine)
    found.write()
    done = found.replay
    if done.broken is not None:
        raise ParityError(done.broken)
    say(f"{done.steps} steps, {done.candles} candles replayed")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return _run(arguments)
    except HarnessError as error:
        return failed(str(error), error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
