"""``python -m programs run``: a program's backtest, with its triggers and trades."""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from backtests.backtest_command import report
from backtests.backtest_result import BacktestResult as KernelResult
from backtests.config_backtest import wall_clock_ms
from backtests.run_at_hand import FolderRun
from core.command_line import INTERRUPTED, failed, file_named, say, warn
from core.errors import ConfigurationError
from programs.commands.market_arguments import (
    add_market,
    add_window,
    market_of,
    require_candles,
    window_of,
)
from programs.commands.run_blocks import ROWS, show_run, traced
from programs.commands.verb_arguments import explain, listed
from programs.program_choice import ProgramChoice, WantedTriggers, chosen_program, recorded_choice
from programs.program_result import BacktestResult
from programs.program_run import (
    ProgramListener,
    Wraps,
    program_plan,
    program_settings,
    program_strategy,
    run_program,
)
from runs.commands.opened_store import print_json
from strategies.programs.recorded_decisions import (
    UNANSWERED,
    RecordedDecisions,
    RecordHead,
    RecordingSource,
    TriggerKey,
)
from strategies.warm_up_asked import WARM_UP
from validation.composed_settings import Settings

_EXAMPLES = """\
A pool is named by its id: the file ID.yaml in the folder pools beside the program or of the working directory, in
programs/pools, or one that is shipped (python -m programs pools list). Without --pools and --schedule the program is
woken as TRIGGERS = {"pools": ["rsi_oversold"], "schedule": "4h"} in its text says; with one of them by that alone.

examples:
  python -m programs run my_program.py --start 2024-01-03 --end 2024-01-06
  python -m programs run my_program.py --window 2024-01 --pools rsi_oversold --schedule 4h --trace
  python -m programs run my_program.py --window 2024-01 --record answers.jsonl
  python -m programs run --decisions answers.jsonl --pools rsi_oversold --window 2024-01
exit codes: 0 done, 1 the program was halted, 2 bad arguments or configuration, 3 data not available, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    explain(parser, _EXAMPLES)
    parser.add_argument("file", metavar="FILE", nargs="?", help="the program")
    parser.add_argument("--decisions", metavar="FILE", help="decisions on record, in the place of a program")
    add_window(parser)
    parser.add_argument(
        "--pools", metavar="A,B", type=listed, help="pools that wake it, in place of what its text says"
    )
    parser.add_argument("--schedule", metavar="TEXT", help="when the clock does: 1h, 4h, 1d or '30 8 * * 1-5', in UTC")
    add_market(parser)
    parser.add_argument("--out", metavar="DIR", help="folder of the outputs (default: backtests in logging.directory)")
    parser.add_argument("--trace", action="store_true", help="print each call with what it read and decided")
    parser.add_argument("--record", metavar="FILE", help="write its decisions to this new file, for --decisions")
    parser.add_argument(
        "--rows",
        metavar="N",
        type=_count,
        default=ROWS,
        help="triggers and trades that are shown (default: %(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the run's page, report.html, into its folder")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, nothing else")
    parser.add_argument("--quiet", action="store_true", help="print errors alone")


def run(asked: argparse.Namespace) -> int:
    """Make the run and show it; return 1 where the program was halted."""
    if asked.trace and asked.json:
        raise ConfigurationError(
            "--trace and --json are both given — allowed: one of the two; trigger_log has the calls"
        )
    choice, window = _choice(asked), window_of(asked)
    record = None if asked.record is None else _record_place(asked.record)
    settings = program_settings(choice, market_of(asked))
    require_candles(window, settings.live.timeframe)
    still = asked.quiet or asked.json
    out = None if asked.out is None else Path(asked.out)
    plan = program_plan(
        settings, window, output_dir=out, offline=asked.offline, show_progress=False if still or asked.trace else None
    )
    with _recording(record, settings) as wraps:
        made = run_program(plan, wall_clock_ms(), ProgramListener(wraps, traced(say) if asked.trace else None))
    if asked.trace and not still:
        say("")
    for warning in made.result.warnings:
        # The program may have been called late, or never, for want of candles: said where a long report hides it.
        if warning.startswith(WARM_UP) and not asked.quiet:
            warn(warning)
    result = BacktestResult(KernelResult(made.result, FolderRun(made.result)))
    if choice.answers is not None:
        _warn_of_records(choice.answers, str(asked.decisions), result)
    if asked.json:
        if asked.report:
            result.backtest.report(Path(str(made.result.output_dir)) / "report.html")
        print_json(result.to_dict())
    else:
        if not asked.quiet:
            show_run(result, asked.rows)
        report(made.result, as_json=False, quiet=asked.quiet, with_page=asked.report)
    if made.result.partial:
        return failed(f"interrupted; what was done is in {made.result.output_dir}, marked partial", INTERRUPTED)
    return 0 if result.error is None else failed(f"program {choice.name}: {result.error}", 1)


def _choice(asked: argparse.Namespace) -> ProgramChoice:
    wanted = WantedTriggers(tuple(asked.pools or ()), asked.schedule)
    if (asked.file is None) is (asked.decisions is None):
        wrong = "no program is named" if asked.file is None else f"{asked.file} and --decisions are both named"
        raise ConfigurationError(f"{wrong} — allowed: the FILE of a program, or --decisions FILE, one of the two")
    if asked.file is not None:
        return chosen_program(Path(asked.file), wanted)
    return recorded_choice(Path(asked.decisions), wanted)


def _warn_of_records(answers: str, name: str, result: BacktestResult) -> None:
    """Tell of records that were not asked for, as those of a misspelt symbol, and of triggers without one."""
    triggers = {TriggerKey(one.time_ms, one.symbol, one.trigger.pool) for one in result.trigger_log}
    lines = RecordedDecisions.of(answers, name).unasked(triggers)
    without = sum(UNANSWERED in one.printed for one in result.trigger_log)
    if lines:
        more = f", nor are {len(lines) - 1:,} further lines" if len(lines) > 1 else ""
        warn(f"{name}:{lines[0]}: is of no trigger of this run{more}")
    if without:
        warn(f"{name}: {without:,} of {len(result.trigger_log):,} triggers have no line there, and hold")


def _record_place(name: str) -> Path:
    """Return where decisions are to be recorded: a file that is not there yet, since decisions may not come twice.

    Raises
    ------
    ConfigurationError
        If there is something of that name, or no folder in which it could be.
    """
    path = file_named("--record", Path(name), "answers.jsonl")
    if path.exists():
        raise ConfigurationError(f"--record {name}: is there already — allowed: the name of a file that is not")
    if not path.parent.is_dir():
        raise ConfigurationError(f"--record {name}: there is no folder {path.parent} — allowed: a file in one that is")
    return path


@contextlib.contextmanager
def _recording(path: Path | None, settings: Settings) -> Iterator[Wraps | None]:
    """Give what writes a program's decisions to a file as it makes them; None where they are not wanted.

    The file gets its name when the run is made.
    """
    if path is None:
        yield None
        return
    beside = path.with_name(f".{path.name}.part")
    strategy = program_strategy(settings)
    try:
        opened = beside.open("w", encoding="utf-8")
    except OSError as error:
        wrong = f"--record {path}: cannot be written: {error.strerror or error}"
        raise ConfigurationError(f"{wrong} — allowed: a file in a folder that may be written to") from None
    try:
        with opened as file:
            file.write(RecordHead(strategy.name, strategy.text.reads).line())
            yield lambda source: RecordingSource(source, file.write)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} — allowed: a whole number, 0 or more")
    return int(text[:18])
