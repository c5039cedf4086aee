"""What a page shows of a program's calls: what woke it, what it decided, what came of it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from reports.page.packed_columns import Packed, packed_numbers, packed_times, packed_words
from runs.reading.run_folder import StoredRun
from runs.reading.trigger_log import TriggerRow, trigger_log
from runs.reading.trigger_words import decided_in_words, outcome_in_words, woken_in_words

CALLS_OF_A_PAGE = 5_000
SCHEDULE = "schedule"


def trigger_columns(run: StoredRun) -> Packed | None:
    """Return the calls of a run's program as columns; None where it had no program.

    Where there are more than a page should hold, those that held are left out first, then the last. ``calls`` is how
    many there are in all; ``outcomes`` counts them by what woke the program and what came of it.
    """
    log = trigger_log(run)
    if not log:
        return None
    rows = _kept(log)
    counts = Counter((one.trigger.pool or SCHEDULE, one.outcome) for one in log)
    return {
        "rows": len(rows),
        "calls": len(log),
        "halted": next((outcome_in_words(one) for one in log if one.halted), None),
        "outcomes": [[pool, outcome, many] for (pool, outcome), many in sorted(counts.items())],
        "time_ms": packed_times(np.array([one.time_ms for one in rows], np.int64)),
        "number": [one.number for one in rows],
        "symbol": packed_words([one.symbol for one in rows]),
        "pool": packed_words([one.trigger.pool or SCHEDULE for one in rows]),
        "regime": packed_words([one.trigger.regime or "" for one in rows]),
        "woken": packed_words([woken_in_words(one.trigger) for one in rows]),
        "decided": packed_words([_decided(one) for one in rows]),
        "outcome": packed_words([one.outcome for one in rows]),
        "told": packed_words([outcome_in_words(one) for one in rows]),
        "printed": packed_words(["\n".join(one.printed) for one in rows]),
        "pnl": packed_numbers(np.array([np.nan if one.pnl is None else one.pnl for one in rows], np.float64)),
    }


def _decided(row: TriggerRow) -> str:
    return "" if row.problem is not None else decided_in_words(row.wish, row.symbol)


def _kept(log: Sequence[TriggerRow]) -> Sequence[TriggerRow]:
    if len(log) <= CALLS_OF_A_PAGE:
        return log
    return [one for one in log if one.outcome != "held"][:CALLS_OF_A_PAGE]
