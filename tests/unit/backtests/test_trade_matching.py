"""Round trips are read from trade logs and matched on symbol, side and entry time."""

import tempfile
import unittest
from pathlib import Path

from backtests.proof.indexed_outputs import StepIndex
from backtests.proof.trade_matching import RoundTrip, TradePart, first_difference, match_trades, read_round_trips
from core.errors import InvariantError
from core.event_lines import TRADE_HEADER

COLUMNS = TRADE_HEADER.strip().split(",")

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


def part(
    time: str = MIDNIGHT, price: str = "105", quantity: str = "1", reason: str = "target", step: int = 2
) -> TradePart:
    return TradePart(time, price, quantity, reason, "7", step * 60_000)


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

    def test_parts_are_compared_in_their_order_and_never_by_order_id_or_step(self) -> None:
        one, same = part(), TradePart(MIDNIGHT, "105", "1", "target", "99", 0)
        for field in ("added", "earlier_exits"):
            with self.subTest(field):
                session = [trip(**{field: (one, part(LATER))})]
                self.assertEqual(self.verdicts(session, [trip(**{field: (same, part(LATER))})]), [("matched", ())])
                turned = [trip(**{field: (part(LATER), one)})]
                self.assertEqual(self.verdicts(session, turned), [("different", (field,))])
                self.assertEqual(self.verdicts(session, [trip(**{field: (one,)})]), [("different", (field,))])
                for value in (part(price="106"), part(quantity="2"), part(reason="stop"), part(LATER)):
                    self.assertEqual(
                        self.verdicts([trip(**{field: (one,)})], [trip(**{field: (value,)})]), [("different", (field,))]
                    )

    def test_the_first_difference_of_parts_is_the_first_that_is_not_the_same_in_both(self) -> None:
        one, other = part(), part(price="106")
        self.assertEqual(first_difference((one, one), (one, other)), (one, other))
        self.assertEqual(first_difference((one,), (one, other)), (None, other))
        self.assertEqual(first_difference((one, other), ()), (one, None))
        self.assertEqual(first_difference((one, other), (one, other)), (None, None))

    def test_the_exits_of_a_trade_are_its_parts_and_the_fill_that_closed_it(self) -> None:
        closed = trip(earlier_exits=(part(),))
        self.assertEqual([one.time for one in closed.exits], [MIDNIGHT, LATER])
        still_open = trip(exit_time=None, exit_price=None, reason=None, exit_step_ms=None, earlier_exits=(part(),))
        self.assertEqual(still_open.exits, (part(),))

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
            row("CLOSE", LATER, "3", price="110", quantity="2", reason="target", realized_pnl="20"),
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

    def test_rungs_and_the_last_exit_are_parts_of_one_trade_whose_result_is_their_sum(self) -> None:
        found = self.read(
            row("OPEN", MIDNIGHT, "1", price="100", quantity="0.3", reason="signal"),
            row("CLOSE", MIDNIGHT, "2", price="110", quantity="0.1", reason="target", realized_pnl="0.9"),
            row("CLOSE", LATER, "3", price="120", quantity="0.1", reason="target", realized_pnl="1.9"),
            row("CLOSE", LATER, "4", price="100", quantity="0.1", reason="break_even", realized_pnl="-0.3"),
            row("OPEN", LATER, "5", price="99", quantity="1"),
        )
        first, second = found
        self.assertEqual([(one.price, one.quantity) for one in first.earlier_exits], [("110", "0.1"), ("120", "0.1")])
        self.assertEqual((first.exit_price, first.reason, first.realized_pnl), ("100", "break_even", "2.5"))
        self.assertEqual([one.step_ms for one in first.exits], [120_000, 180_000, 240_000])
        self.assertEqual((second.order_id, second.exit_time, second.earlier_exits), ("5", None, ()))

    def test_entries_that_add_to_a_position_are_parts_of_its_trade(self) -> None:
        found = self.read(
            row("OPEN", MIDNIGHT, "1", price="100", quantity="1", reason="signal"),
            row("OPEN", MIDNIGHT, "1", price="101", quantity="0.5", reason="signal"),
            row("OPEN", LATER, "2", price="102", quantity="1", reason="signal"),
            row("CLOSE", LATER, "3", price="103", quantity="2.5", reason="stop"),
        )
        (one,) = found
        self.assertEqual((one.entry_price, one.quantity), ("100", "1"))
        self.assertEqual(
            [(each.price, each.quantity, each.order_id) for each in one.added], [("101", "0.5", "1"), ("102", "1", "2")]
        )
        self.assertEqual((one.exit_price, one.earlier_exits), ("103", ()))

    def test_a_position_of_which_a_part_is_left_is_open(self) -> None:
        (one,) = self.read(
            row("OPEN", MIDNIGHT, "1", quantity="0.3"), row("CLOSE", LATER, "2", quantity="0.2", reason="target")
        )
        self.assertEqual((one.exit_time, one.exit_step_ms, len(one.earlier_exits)), (None, None, 1))

    def test_a_close_of_nothing_is_a_fault_of_the_log(self) -> None:
        with self.assertRaisesRegex(InvariantError, "never opened"):
            self.read(row("CLOSE", MIDNIGHT, "1"))

    def test_quoted_metadata_is_read_as_csv(self) -> None:
        found = self.read(row("OPEN", MIDNIGHT, "1", metadata='"{""stop"":""1"",""x"":""2""}"'))
        self.assertEqual(len(found), 1)


if __name__ == "__main__":
    unittest.main()
