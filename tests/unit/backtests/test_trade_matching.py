"""Round trips are read from trade logs and matched on symbol, side and entry time."""

import tempfile
import unittest
from pathlib import Path

from backtests.indexed_outputs import StepIndex
from backtests.trade_matching import RoundTrip, match_trades, read_round_trips
from execution.trade_log import COLUMNS

MIDNIGHT = "2024-01-01T00:00:00.000Z"
LATER = "2024-01-01T00:05:00.000Z"


def trip(**changes: object) -> RoundTrip:
    values: dict[str, object] = {
        "symbol": "BTC/USDT",
        "side": "LONG",
        "entry_time": MIDNIGHT,
        "entry_price": "100",
        "quantity": "2",
        "order_id": "1",
        "entry_step_ms": 60_000,
        "exit_time": LATER,
        "exit_price": "110",
        "reason": "target",
        "realized_pnl": "20",
        "exit_step_ms": 300_000,
    }
    return RoundTrip(**{**values, **changes})


def row(action: str, time: str, order_id: str, **changes: str) -> str:
    values = {
        **dict.fromkeys(COLUMNS, "0"),
        "timestamp": time,
        "order_id": order_id,
        "symbol": "BTC/USDT",
        "action": action,
        "side": "LONG",
        "metadata": "{}",
        **changes,
    }
    return ",".join(values[name] for name in COLUMNS) + "\n"


class Matching(unittest.TestCase):
    def verdicts(self, session: list[RoundTrip], history: list[RoundTrip]) -> list[tuple[str, tuple[str, ...]]]:
        return [(match.verdict, match.fields) for match in match_trades(session, history)]

    def test_equal_trades_match_whatever_their_order_ids(self) -> None:
        self.assertEqual(self.verdicts([trip(order_id="1")], [trip(order_id="9")]), [("matched", ())])

    def test_each_compared_field_alone_makes_a_trade_different(self) -> None:
        changes = {
            "entry_price": "100.1",
            "quantity": "3",
            "exit_time": "2024-01-01T00:06:00.000Z",
            "exit_price": "109",
            "reason": "stop",
        }
        for field, value in changes.items():
            with self.subTest(field):
                self.assertEqual(self.verdicts([trip()], [trip(**{field: value})]), [("different", (field,))])

    def test_a_trade_still_open_in_one_run_is_different(self) -> None:
        still_open = trip(exit_time=None, exit_price=None, reason=None, exit_step_ms=None)
        self.assertEqual(self.verdicts([still_open], [trip()]), [("different", ("exit_time", "exit_price", "reason"))])

    def test_another_symbol_side_or_entry_time_is_another_trade(self) -> None:
        for field, value in {"symbol": "ETH/USDT", "side": "SHORT", "entry_time": LATER}.items():
            with self.subTest(field):
                found = self.verdicts([trip()], [trip(**{field: value})])
                self.assertEqual(sorted(found), [("extra", ()), ("missing", ())])

    def test_missing_is_what_history_alone_has_and_extra_what_the_session_alone_has(self) -> None:
        self.assertEqual(self.verdicts([], [trip()]), [("missing", ())])
        self.assertEqual(self.verdicts([trip()], []), [("extra", ())])

    def test_trades_of_one_key_are_paired_in_the_order_of_the_logs(self) -> None:
        twice = [trip(reason="stop"), trip(reason="target")]
        self.assertEqual(self.verdicts(twice, list(twice)), [("matched", ()), ("matched", ())])
        self.assertEqual([verdict for verdict, _ in self.verdicts(twice, twice[:1])], ["matched", "extra"])

    def test_matches_come_in_order_of_entry_time(self) -> None:
        session = [trip(entry_time=LATER)]
        history = [trip(), trip(entry_time=LATER)]
        self.assertEqual([match.trade.entry_time for match in match_trades(session, history)], [MIDNIGHT, LATER])


class ReadingALog(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "trades.csv"

    def read(self, *rows: str) -> list[RoundTrip]:
        lines = [",".join(COLUMNS) + "\n", *rows]
        self.log.write_text("".join(lines))
        sizes = [len("".join(lines[:number])) for number in range(2, len(lines) + 1)]
        return read_round_trips(self.log, StepIndex([60_000 * n for n in range(1, len(lines))], {"trades.csv": sizes}))

    def test_an_opening_and_its_closing_row_make_one_round_trip(self) -> None:
        found = self.read(
            row("OPEN", MIDNIGHT, "1", price="100", quantity="2", reason="signal"),
            row("OPEN", MIDNIGHT, "2", symbol="ETH/USDT", side="SHORT", price="9"),
            row("CLOSE", LATER, "3", price="110", reason="target", realized_pnl="20"),
        )
        self.assertEqual([one.symbol for one in found], ["BTC/USDT", "ETH/USDT"])
        self.assertEqual((found[0].exit_price, found[0].reason, found[0].realized_pnl), ("110", "target", "20"))
        self.assertIsNone(found[1].exit_time)

    def test_rows_have_the_steps_that_wrote_them_not_their_event_times(self) -> None:
        found = self.read(row("OPEN", MIDNIGHT, "1"), row("CLOSE", MIDNIGHT, "2"))
        self.assertEqual((found[0].entry_step_ms, found[0].exit_step_ms), (60_000, 120_000))

    def test_a_symbol_may_open_again_after_its_close(self) -> None:
        found = self.read(
            row("OPEN", MIDNIGHT, "1"),
            row("CLOSE", LATER, "2", reason="stop"),
            row("OPEN", LATER, "3"),
        )
        self.assertEqual([one.order_id for one in found], ["1", "3"])
        self.assertEqual([one.reason for one in found], ["stop", None])

    def test_quoted_metadata_is_read_as_csv(self) -> None:
        found = self.read(row("OPEN", MIDNIGHT, "1", metadata='"{""stop"":""1"",""x"":""2""}"'))
        self.assertEqual(len(found), 1)


if __name__ == "__main__":
    unittest.main()
