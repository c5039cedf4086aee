"""The trigger log by pages: whoever turns them all has seen every call of a kind once, in order."""

import unittest

from core.programs.program_call import ProgramFault, ProgramTrigger, ProgramWish
from dashboard.api.pages import Paging
from dashboard.api.programs.trigger_routes import Show, TriggerLog
from runs.reading.trigger_log import Outcome, TriggerRow

CALLS = 10_000
FAULT = ProgramFault("error", "line 3: division by zero", 3)


def row(number: int) -> TriggerRow:
    """Return a call: each third acts, each seventh of the others goes wrong, the rest hold."""
    outcome: Outcome = "closed" if number % 3 == 0 else "problem" if number % 7 == 0 else "held"
    return TriggerRow(
        number=number,
        time_ms=900_000 * number,
        symbol="BTC/USDT",
        trigger=ProgramTrigger("scheduled"),
        wish=ProgramWish("buy" if outcome == "closed" else "hold"),
        decided_symbol="BTC/USDT",
        outcome=outcome,
        problem=FAULT if outcome == "problem" else None,
    )


class TriggerPages(unittest.TestCase):
    def test_the_pages_of_each_kind_hold_its_calls_in_order_and_counts_are_of_all(self) -> None:
        rows = [row(number) for number in range(1, CALLS + 1)]
        wanted: dict[Show, list[int]] = {
            "all": list(range(1, CALLS + 1)),
            "acted": list(range(3, CALLS + 1, 3)),
            "problems": [one for one in range(7, CALLS + 1, 7) if one % 3],
            "held": [one for one in range(1, CALLS + 1) if one % 3 and one % 7],
        }
        for show, numbers in wanted.items():
            with self.subTest(show):
                first = TriggerLog.of(rows, show, Paging(page=1, page_size=500))
                self.assertEqual({name: len(one) for name, one in wanted.items()}, first.shown)
                self.assertEqual((len(numbers), CALLS), (first.total, first.scheduled))
                # All pages of what is short, the last two of what is long.
                begin = 1 if len(numbers) < CALLS // 2 else first.pages - 1
                turned = [
                    TriggerLog.of(rows, show, Paging(page=at, page_size=500)) for at in range(begin, first.pages + 1)
                ]
                self.assertEqual(numbers[500 * (begin - 1) :], [one.number for page in turned for one in page.items])
                self.assertEqual([], TriggerLog.of(rows, show, Paging(page=first.pages + 1, page_size=500)).items)


if __name__ == "__main__":
    unittest.main()
