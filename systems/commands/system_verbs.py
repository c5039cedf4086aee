"""The verbs: each does one thing with systems and prints it, as lines or as JSON."""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any

from core.command_line import failed, say, say_text
from core.errors import ConfigurationError
from reports import page as pages
from reports.console.console_report import print_report
from runs.documents.run_result import result_of
from systems import operations
from systems.commands import system_lines as lines
from systems.commands.new_system import new_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.life_cycle.strategy_epoch import StrategyEpoch, epoch_named
from systems.places import DEFAULT_FOLDER, Places
from systems.smoke import smoke

NOT_PROMOTED = 1
SMOKE_FAILED = 1
_ONLY_OF = {
    "duration": (StrategyEpoch.DEMO, StrategyEpoch.LIVE),
    "speed": (StrategyEpoch.DEMO,),
    "offline": (StrategyEpoch.BACKTEST,),
}
_OPTIONS = {"duration": "--for", "speed": "--speed", "offline": "--offline"}


def _list(asked: argparse.Namespace, places: Places) -> int:
    systems = operations.list_systems(places)
    _print(asked, systems, lambda: lines.listed(systems))
    return 0


def _show(asked: argparse.Namespace, places: Places) -> int:
    system = operations.show_system(asked.id, places)
    _print(asked, system, lambda: lines.shown(system))
    return 0


def _check(asked: argparse.Namespace, places: Places) -> int:
    found = operations.check_systems(*asked.ids, places=places)
    problems = [problem for one in found for problem in one["problems"]]
    sound = [f"{one['id']}: sound" for one in found if one["ok"]]
    _print(asked, found, lambda: sound)
    return failed("\n".join(problems), ConfigurationError.exit_code) if problems else 0


def _new(asked: argparse.Namespace, places: Places) -> int:
    written = new_system(asked.id, asked.base, places)
    where = "" if places.systems == DEFAULT_FOLDER else f" --systems {shlex.quote(places.systems)}"
    steps = [f"python -m systems {verb}{where}" for verb in (f"show {asked.id}", f"run {asked.id} --window train")]
    _print(asked, written, lambda: [f"wrote {written['file']}", "", "Next: change what it says, then", "", *steps])
    return 0


def _run(asked: argparse.Namespace, places: Places) -> int:
    epoch = epoch_named(asked.epoch)
    given = {name: getattr(asked, name) for name in _OPTIONS if getattr(asked, name) not in (None, False)}
    for name in given:
        if epoch not in _ONLY_OF[name]:
            allowed = " and ".join(_ONLY_OF[name])
            raise ConfigurationError(f"{_OPTIONS[name]} does nothing for a {epoch} — allowed: with {allowed}")
    if epoch == StrategyEpoch.LIVE and "duration" not in given:
        raise ConfigurationError("a paper session needs a length — allowed: --for 8h")
    given |= (
        {"show_progress": False if asked.json else None} if epoch == StrategyEpoch.BACKTEST else {"quiet": asked.json}
    )
    run = operations.run_system(asked.id, asked.window, epoch, places, **given)
    page = pages.write_report(run["folder"]) if asked.report else None
    if asked.json:
        say_text(lines.as_json(run))
    else:
        print_report(result_of(run["result"]), sys.stdout, page)
        say("", *lines.ran(run))
    return 0


def _promote(asked: argparse.Namespace, places: Places) -> int:
    if asked.archive:
        found = operations.archive_system(asked.id, places)
    else:
        found = operations.promote_system(asked.id, places, dry=asked.dry)
    _print(asked, found, lambda: lines.promotion(found))
    return 0 if found["promoted"] or (asked.dry and found["passed"]) else NOT_PROMOTED


def _smoke(asked: argparse.Namespace, places: Places) -> int:
    rows: list[dict[str, Any]] = []
    for row in smoke(places.systems, wall_clock_ms()):
        rows.append(row)
        if not asked.json:
            say(lines.smoked(row))
            sys.stdout.flush()
    if asked.json:
        say_text(lines.as_json(rows))
    return 0 if all(row["ok"] for row in rows) else SMOKE_FAILED


def _print(asked: argparse.Namespace, values: Any, told: Callable[[], list[str]]) -> None:
    if asked.json:
        say_text(lines.as_json(values))
    else:
        say(*told())


VERBS: Mapping[str, Callable[[argparse.Namespace, Places], int]] = {
    "list": _list,
    "show": _show,
    "check": _check,
    "new": _new,
    "run": _run,
    "promote": _promote,
    "smoke": _smoke,
}
