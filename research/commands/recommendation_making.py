"""``python -m research recommend``: say what studies and runs in the store speak for."""

import argparse
from typing import Any

import msgspec

from core.command_line import say, warn
from research.commands.recommendation_blocks import claims, listed
from research.commands.search_arguments import add_surroundings, count, surroundings_of
from research.recommendations.recommending import CONFIRMED, Recommendations, recommend
from runs.commands.opened_store import print_json, synchronised, warn_of
from runs.commands.text_blocks import Facts, Grid, show
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--system", metavar="ID", help="one system (default: all of the folder)")
    parser.add_argument("--confirm", metavar="N", type=count, nargs="?", const=CONFIRMED, default=0,
                        help="make the runs that up to N claims lack, with the change and without it, in windows of "
                        "the system that they were not chosen in (default without N: %(const)s)")  # fmt: skip
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Recommend and show it."""
    with open_store() as store:
        warn_of(synchronised(store))
        found = recommend(asked.system, confirm=asked.confirm, **surroundings_of(asked), store=store)
    for reason in found.unsound.values():
        warn(reason)
    if asked.json:
        print_json(_plain(found))
        return 0
    blocks: list[Facts | Grid] = []
    if found.rows:
        blocks.append(listed(found.rows))
    else:
        blocks.append(Facts("nothing is recommended", []))
    blocks += claims(found.tested, found.untested)
    show(*blocks)
    tested = len(found.tested)
    if tested:
        level = 100.0 * found.tested[0].level
        say("", f"{tested} claims were tested; each interval holds with {level:.2f} %, all of them with 95 %")
    if found.rows:
        first = found.rows[0].id
        say(f"python -m research recommendations {first} shows what speaks for it, accept {first} writes the version")
    for system in found.losing:
        say(f"{system}: loses on every symbol out of sample; no choice of symbols mends that")
    for one in found.withdrawn:
        say(f"recommendation {one.id}: {one.note}")
    if not asked.confirm and any(one.kind in ("parameters", "setting") for one, _ in found.untested):
        say("python -m research recommend --confirm makes the runs that are lacking")
    return 0


def _plain(found: Recommendations) -> dict[str, Any]:
    return {
        "systems": found.systems,
        "recommendations": msgspec.to_builtins(found.rows),
        "losing": found.losing,
        "withdrawn": msgspec.to_builtins(found.withdrawn),
        "tested": [
            {
                **msgspec.to_builtins(one.claim),
                "change": one.change.mean,
                "low": one.low,
                "high": one.high,
                "level": one.level,
                "p_value": one.change.p_value,
                "days": one.change.days,
                "windows": len(one.pairs),
                "better": one.better,
                "fails": one.fails,
            }
            for one in found.tested
        ],
        "untested": [{**msgspec.to_builtins(claim), "why": why} for claim, why in found.untested],
    }
