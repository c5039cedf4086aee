"""Which rules a run has met, by the words with which its outputs tell them."""

import csv
from collections import Counter

from tests.support.runs.kernel_runs import KernelRun

SELDOM = """REJECTED|insufficient_margin, REJECTED|max_leverage, REJECTED|percent_price, REJECTED|stop_passed,
REJECTED|insufficient_balance, CANCELED|halt, FILLED|halt, stop_passed, stop_not_tighter, said_target_r, close_waiting,
halted_candle_move, halted_drawdown, kill_switch, no_exposure_room, percent_price, target_passed, no_entry_waiting"""
"""What a few hundred drawn markets may do without: the hand-worked cases meet it, and the full count must."""


def words(text: str) -> set[str]:
    """Return the words of a list."""
    return {one.strip() for one in text.split(",")}


def note(run: KernelRun, happened: Counter[str]) -> None:
    """Count which rules a run has met."""
    for row in csv.DictReader(run.orders.decode().splitlines()):
        happened[f"{row['event']}|{row['reason']}"] += 1
        happened[f"{row['order_type']}|{row['time_in_force']}"] += 1
    for event in run.events:
        happened[str(event["reason"]) if event["event"] == "decision" else str(event["event"])] += 1
        for word in event.get("signal", ()):
            happened[f"said_{word}"] += 1
    for bound, times in run.session.statistics.sizes_bound_by.items():
        happened[f"bound_{bound}"] += times
    happened["ambiguous"] += run.ambiguous
    opened = sum(row["action"] == "OPEN" for row in run.rows)
    happened["added"] += opened > run.session.account.totals.trades.all.trades
    happened["both_sides"] += len({row["side"] for row in run.rows}) == 2
