"""Several sessions on one account: cash that moves, limits in all. A position is 5 at 100, its stop 20 away."""

import unittest
from decimal import Decimal

from core.errors import ConfigurationError, InvariantError
from core.trading_signal import Signal
from tests.support.runs.stepped_portfolio import SteppedPortfolio

LONG, SHORT = Signal("LONG", sl_distance=90.0), Signal("SHORT", sl_distance=90.0)
FLAT_RISK = {"default_risk_per_trade": 0.05, "max_exposure": 0.05, "max_risk_per_trade_pct": 0.05}
DAILY = {"rebalance": "1d"}


def pair(terms: dict[str, object] | None = None, **flat: object) -> SteppedPortfolio:
    """Return two members; ``a`` is long of A and ``b`` short of B, decided in hour 20, filled in hour 21."""
    said = {"a": {"A": {20: LONG}}, "b": {"B": {20: SHORT}}}
    return SteppedPortfolio(said, terms, **{**FLAT_RISK, **flat})


def played(portfolio: SteppedPortfolio, hours: range, **prices: float) -> SteppedPortfolio:
    for hour in hours:
        portfolio.play(hour, **prices)
    return portfolio


class Transfers(unittest.TestCase):
    def test_cash_moves_at_midnight_from_who_has_more_than_its_share_and_is_no_profit(self) -> None:
        one = played(pair(DAILY), range(20, 22), A=100.0, B=100.0)
        # At midnight A's 5 are worth 60 more each: a has 10,300, b 10,000; each is to have 10,150.
        played(one, range(22, 24), A=160.0, B=100.0)
        a, b = one.session("a"), one.session("b")
        self.assertEqual((Decimal(9_850), Decimal(10_150)), (a.account.balance, b.account.balance))
        self.assertEqual((10_150.0, 10_150.0), (a.equity, b.equity))
        self.assertEqual((0, 0), (a.account.realized_pnl, b.account.realized_pnl))
        # Free is cash without what the position holds; profit that is not realised is none.
        row = ("1970-01-02T00:00:00.000Z", "a", "fixed", "0.5", "10300", "10150", "9500", "-150", "0")
        self.assertEqual(row, one.moved[0])
        self.assertEqual("150", one.moved[1][7])
        performance = a.account.performance
        self.assertEqual((300.0, 3.0), (performance["total_return"], round(performance["total_return_pct"], 9)))
        posted = [(row["event"], row["account"], row["amount"]) for row in one.run("a").postings][-2:]
        self.assertEqual([("transfer_out", "cash", "-150"), ("transfer_out", "capital", "150")], posted)
        self.assertEqual(("1970-01-02T00:00:00.000Z", "9850", "10150"), one.run("a").equity_rows[-1][:3])

    def test_what_a_position_holds_is_not_moved_and_what_is_lacking_is_said(self) -> None:
        # All of a is in its position: 100 of A at 100 out of 10,000; its profit is not cash.
        whole = {"default_risk_per_trade": 0.9, "max_exposure": 1.0, "max_risk_per_trade_pct": 1.0,
                 "max_exposure_pct": 1.0}  # fmt: skip
        one = played(pair(DAILY, **whole), range(20, 22), A=100.0, B=100.0)
        played(one, range(22, 24), A=160.0, B=100.0)
        # 16,000 and 10,000: 13,000 each.
        self.assertEqual(("16000", "13000", "0", "0", "-3000"), one.moved[0][4:])
        self.assertEqual(("10000", "13000", "0", "0", "3000"), one.moved[1][4:])

    def test_losses_so_far_stay_the_same_fractions(self) -> None:
        one = played(pair(DAILY, max_drawdown_pct=0.03), range(20, 22), A=100.0, B=100.0)
        # a falls by 2 % of 10,000 and receives 100: 2 % of 10,000 are 2 % of 10,102.04 and not 1.98 % of 10,000.
        played(one, range(22, 24), A=60.0, B=100.0)
        safety = one.session("a").safety
        self.assertEqual((Decimal(100), 9_900.0), (one.session("a").account.transfers[0].amount, safety.current_equity))
        self.assertAlmostEqual(0.02, safety.drawdown, 12)
        self.assertAlmostEqual(0.02, one.session("a").account.performance["max_drawdown_pct"] / 100.0, 12)
        # 3 % are lost at 40.4 of A: 9,900 - 5 x 19.6 is 9,802, of a peak of 10,102.04 a fall of 2.97 %; at 40 of 2.99.
        one.play(24, A=40.4, B=100.0)
        self.assertEqual([], one.run("a").halts)
        one.play(25, A=39.0, B=100.0)
        self.assertEqual(["drawdown"], [reason for _, reason in one.run("a").halts])

    def test_cash_moves_only_when_it_is_time_and_who_is_halted_for_good_receives_none(self) -> None:
        for rebalance, rows in (("never", 0), ("monthly", 0), ("7d", 0), ("1d", 2)):
            with self.subTest(rebalance):
                one = played(pair({"rebalance": rebalance}, max_drawdown_pct=0.01), range(20, 22), A=100.0, B=100.0)
                played(one, range(22, 24), A=60.0, B=100.0)
                self.assertEqual(rows, len(one.moved))
                self.assertEqual(Decimal(10_000), one.session("a").account.balance)

    def test_the_whole_is_the_sum_of_its_members_at_every_step_and_after_the_end(self) -> None:
        one = played(pair(DAILY), range(20, 22), A=100.0, B=100.0)
        played(one, range(22, 26), A=160.0, B=90.0)
        one.portfolio.finish()
        curve = list(one.portfolio.outputs.curve)
        self.assertEqual([20_000.0, 20_000.0, *[20_350.0] * 4, 20_350.0], curve)
        self.assertEqual(20_350, sum(one.session(name).account.balance for name in "ab"))


class InAll(unittest.TestCase):
    def refused(self, portfolio: SteppedPortfolio, name: str) -> list[str]:
        return [reason for _, _, reason in portfolio.run(name).refused]

    def test_a_limit_on_trades_counts_those_of_every_member(self) -> None:
        one = played(pair({"limits": {"max_open_trades": 1}}), range(20, 22), A=100.0, B=100.0)
        self.assertEqual([[], ["portfolio_max_open_trades"]], [self.refused(one, name) for name in "ab"])

    def test_exposure_is_held_against_the_equity_of_the_whole(self) -> None:
        # 500 each of 20,000 are 5 % in all: allowed where it is reached, refused where it is passed.
        for limit, refused in ((0.05, []), (0.0499, ["portfolio_max_exposure"])):
            with self.subTest(limit):
                one = played(pair({"limits": {"max_exposure_pct": limit}}), range(20, 22), A=100.0, B=100.0)
                self.assertEqual([[], refused], [self.refused(one, name) for name in "ab"])

    def test_a_daily_loss_of_the_whole_halts_all_until_the_next_day(self) -> None:
        said = {"a": {"A": {20: LONG}}, "b": {"B": {22: LONG, 24: LONG, 25: LONG}}}
        one = SteppedPortfolio(said, {"limits": {"max_daily_loss_pct": 0.01}}, **FLAT_RISK)
        played(one, range(20, 22), A=100.0, B=100.0)
        # 5 x 41 of 20,000 are more than 1 %: what b has decided at this close is cancelled.
        one.play(22, A=59.0, B=100.0)
        self.assertEqual(["portfolio_daily_loss"], [reason for _, reason in one.run("b").halts])
        self.assertEqual([("cancelled", "halt")], [event[2:] for event in one.run("b").order_events])
        # The step at 00:00 closes the old day; the next one begins another, and what it decides is judged again.
        played(one, range(23, 27), A=59.0, B=100.0)
        self.assertEqual(1, len(one.run("b").told("halt_lifted")))
        self.assertEqual(1, len(one.session("b").account.holdings))

    def test_a_drawdown_of_the_whole_halts_for_good_and_flattens_who_is_set_so(self) -> None:
        said = {"a": {"A": {20: LONG}}, "b": {"B": {20: LONG, 24: LONG}}}
        one = SteppedPortfolio(said, {"limits": {"max_drawdown_pct": 0.01}}, on_halt="flatten", **FLAT_RISK)
        played(one, range(20, 22), A=100.0, B=100.0)
        played(one, range(22, 26), A=59.0, B=100.0)
        for name in "ab":
            self.assertEqual(["portfolio_drawdown"], [reason for _, reason in one.run(name).halts])
            self.assertEqual("halt", one.run(name).rows[-1]["reason"])
        self.assertEqual(["portfolio_halted_drawdown"], self.refused(one, "b"))

    def test_the_kill_switch_and_commands_reach_every_member(self) -> None:
        one = played(pair(), range(20, 22), A=100.0, B=100.0)
        one.portfolio.set_kill_switch(True)
        self.assertTrue(all(one.session(name).kill_switch_engaged for name in "ab"))
        one.portfolio.close_position("B")
        one.play(22, A=100.0, B=100.0)
        self.assertEqual([1, 0], [len(one.session(name).account.holdings) for name in "ab"])
        with self.assertRaisesRegex(InvariantError, "no symbol of the portfolio"):
            one.portfolio.close_position("C")


class Composed(unittest.TestCase):
    def test_members_that_cannot_share_an_account_are_refused_in_one_line(self) -> None:
        with self.assertRaisesRegex(
            ConfigurationError, r"weights: names a — allowed: a number above 0 for each of a, b"
        ):
            pair({"allocation": "fixed", "weights": {"a": 1.0}})
        with self.assertRaisesRegex(ConfigurationError, "has no effect with rebalance never"):
            pair({"allocation": "risk_parity"})

    def test_shares_of_the_capital_add_up_to_it_exactly(self) -> None:
        said = {name: {"A": {}} for name in "abc"}
        one = SteppedPortfolio(said, {"capital": 10_000.0})
        balances = [one.session(name).account.balance for name in "abc"]
        self.assertEqual([Decimal("3333.33333333")] * 2 + [Decimal("3333.33333334")], balances)


if __name__ == "__main__":
    unittest.main()
