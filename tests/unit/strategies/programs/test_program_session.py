"""What a program is called with, when, and what becomes of what it decides."""

import unittest
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET

from core.candle import Candle, FundingRate
from core.errors import ConfigurationError
from runs.documents.program_result import program_result, program_warnings
from strategies.programs.program_strategy import ProgramStrategy
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.market_data_sets import practice_candles
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES, AnsweringSandbox, program, run_strategy
from tests.support.times import JANUARY_MS

READS = """READS = {
    "indicators": [["rsi(14)", ""], ["ema(5)", "1h"], ["macd(3, 6, 3)", ""]],
    "klines": {"": 8, "1h": 3},
    "flows": [["funding", ""], ["cvd", ""]],
    "regimes": [""],
}
def decide(market, account, trigger):
    return None
"""
ALWAYS = {"id": "always", "name": "Always", "mode": "level", "all": [{"feature": "close", "op": ">", "value": 0}]}
BEFORE = 300
START_MS = JANUARY_MS + BEFORE * OF_15_MINUTES


def candles(count: int = BEFORE + 40, symbols: Sequence[str] = (BTC, ETH)) -> Mapping[str, list[Candle]]:
    return practice_candles(symbols, "15m", count)


class Called(unittest.TestCase):
    """A program that the test answers for."""

    def run_for(self, answer, source=None, **options):
        """Run a program and keep what its calls were given."""
        own = {key: options.pop(key) for key in ("pools", "schedule", "halt_after", "text") if key in options}
        strategy = program(answer, **{"text": READS, "schedule": "1h", **own})
        self.sandbox: AnsweringSandbox = strategy.sandbox
        return run_strategy(strategy, source or candles(), start_ms=START_MS, **options)

    @property
    def calls(self) -> list[tuple[int, str, str]]:
        return [
            (one.market["time"], one.trigger["symbol"], one.trigger["pool_id"] or one.trigger["trigger_type"])
            for one in self.sandbox.given
        ]


class Triggers(Called):
    def test_pools_come_in_their_order_then_the_schedule_then_symbols(self) -> None:
        pools = [{**ALWAYS, "id": "second"}, {**ALWAYS, "id": "first"}]
        self.run_for(lambda given: None, pools=pools, schedule="1h")
        hour = START_MS + 4 * OF_15_MINUTES
        at_the_hour = [call[1:] for call in self.calls if call[0] == hour]
        expected = [(symbol, kind) for kind in ("second", "first", "scheduled") for symbol in (BTC, ETH)]
        self.assertEqual(expected, at_the_hour)
        between = [call[1:] for call in self.calls if call[0] == hour + OF_15_MINUTES]
        self.assertEqual(expected[:4], between)
        self.assertEqual(sorted(self.calls, key=lambda call: call[0]), self.calls)

    def test_nothing_is_called_before_the_window_and_before_the_symbol_is_warm(self) -> None:
        run = self.run_for(lambda given: None, source=candles(), pools=[ALWAYS], schedule=None)
        self.assertEqual((START_MS + OF_15_MINUTES, BTC, "always"), self.calls[0])
        self.assertEqual(2 * 40, len(self.calls))
        self.assertEqual(80, run.session.statistics.program.calls)
        self.assertIs(UNSET, program_result(run.session.statistics.program).unwoken)
        short = {symbol: rows[250:] for symbol, rows in candles(520).items()}
        self.run_for(lambda given: None, source=short, pools=[ALWAYS], schedule=None)
        needed = ProgramStrategy({"code": READS, "schedule": "1h"})
        needed.prepare_features("15m", (BTC, ETH))
        self.assertEqual(short[BTC][needed.warmup_candles].open_time_ms + OF_15_MINUTES, self.calls[0][0])

    def test_an_edge_in_the_warm_up_is_no_edge_of_the_window(self) -> None:
        edge = {**ALWAYS, "mode": "edge"}
        run = self.run_for(lambda given: None, pools=[edge], schedule=None)
        self.assertEqual([], self.calls)
        [why] = program_result(run.session.statistics.program).unwoken
        self.assertRegex(why, "^pool always: was met at 80 of 80 candles of 15m .* never became so: mode: level")

    def test_candles_that_do_not_suffice_are_why_nothing_was_called(self) -> None:
        few = {symbol: rows[BEFORE - 60 : BEFORE + 5] for symbol, rows in candles().items()}
        run = self.run_for(lambda given: None, source=few, pools=[ALWAYS], schedule=None)
        self.assertEqual([], self.calls)
        told = program_result(run.session.statistics.program)
        needed = run.session.rules.warmup_candles + 1
        self.assertEqual(
            [f"what it reads and what wakes it need {needed} candles of a symbol, and of none more than 65 were known"],
            told.unwoken,
        )
        self.assertEqual([f"the program was never called; {told.unwoken[0]}"], program_warnings(told))

    def test_after_a_gap_a_symbol_is_left_alone_until_it_is_warm_again(self) -> None:
        source = candles(700)
        gone = {BTC: source[BTC], ETH: [*source[ETH][: BEFORE + 10], *source[ETH][BEFORE + 80 :]]}
        run = self.run_for(lambda given: None, source=gone, pools=[ALWAYS], schedule=None)
        self.assertEqual(1, len(run.told("gap")))
        needed = run.session.rules.warmup_candles
        of_eth = [call[0] for call in self.calls if call[1] == ETH]
        self.assertEqual(10, sum(one <= START_MS + 10 * OF_15_MINUTES for one in of_eth))
        self.assertEqual(gone[ETH][BEFORE + 10 + needed].open_time_ms + OF_15_MINUTES, of_eth[10])


class Decisions(Called):
    def test_what_is_decided_about_another_symbol_is_handed_to_that_symbol(self) -> None:
        def decide(given: CallInput) -> object:
            if given.trigger["symbol"] == BTC and ETH not in given.account["positions"]:
                return {"action": "buy", "symbol": ETH, "stop_distance": 50.0, "reason": "other"}
            return None

        run = self.run_for(decide)
        first = run.told("decision")[0]
        self.assertEqual(
            (ETH, "LONG", "other"), (first["symbol"], first["signal"]["direction"], first["signal"]["reason"])
        )
        told = run.told("program")[0]
        self.assertEqual((BTC, ETH, 1), (told["symbol"], told["decision"]["symbol"], told["call"]))

    def test_a_second_decision_about_a_symbol_in_a_step_is_refused(self) -> None:
        run = self.run_for(lambda given: {"action": "buy", "symbol": BTC, "stop_distance": 100.0})
        told = run.told("program")
        self.assertNotIn("problem", told[0])
        self.assertEqual("refused", told[1]["problem"]["kind"])
        self.assertIn("decided about already", told[1]["problem"]["text"])
        self.assertTrue(run.session.statistics.program.halted_ms is None)

    def test_a_symbol_whose_candle_does_not_close_now_is_refused(self) -> None:
        source = candles()
        lacking = {BTC: source[BTC], ETH: [*source[ETH][: BEFORE + 3], *source[ETH][BEFORE + 4 :]]}
        run = self.run_for(lambda given: {"action": "close", "symbol": ETH}, source=lacking)
        problem = run.told("program")[0]["problem"]
        self.assertEqual("refused", problem["kind"])
        self.assertIn(f"{ETH} has no candle in this step", problem["text"])

    def test_leverage_may_only_be_that_of_the_session(self) -> None:
        run = self.run_for(lambda given: {"action": "buy", "stop_distance": 100.0, "leverage": 3})
        self.assertEqual(
            "decision: leverage: 3.0 — allowed: 1.0, the session's own (execution.perpetual.leverage), or none",
            run.told("program")[0]["problem"]["text"],
        )
        run = self.run_for(lambda given: {"action": "buy", "stop_distance": 100.0, "leverage": 1})
        self.assertNotIn("problem", run.told("program")[0])

    def test_levels_on_the_wrong_side_are_nonsense_and_not_the_end_of_the_run(self) -> None:
        run = self.run_for(lambda given: {"action": "buy", "stop": given.market["prices"][BTC] + 5, "symbol": BTC})
        problem = run.told("program")[0]["problem"]
        self.assertEqual("nonsense", problem["kind"])
        self.assertIn("is above the close", problem["text"])
        self.assertEqual([], run.told("decision"))

    def test_a_quote_is_the_most_that_an_entry_is_worth(self) -> None:
        run = self.run_for(lambda given: {"action": "buy", "quote": 100.0, "stop_distance": 500.0}, commission_rate=0.0)
        risk = next(gate for gate in run.told("decision")[0]["gates"] if gate["gate"] == "risk")["inputs"]
        self.assertEqual("notional", risk["bound"])
        self.assertLessEqual(risk["quantity"] * risk["price"], 100.0)
        self.assertGreater((risk["quantity"] + 0.00001) * risk["price"], 100.0)
        # 1 % of 10,000 over 50,000 is 0.002 BTC, less than what 1,000 buys.
        run = self.run_for(
            lambda given: {"action": "buy", "symbol": BTC, "quote": 1000.0, "stop_distance": 40_000.0},
            max_exposure=0.9,
            max_exposure_pct=0.9,
        )
        risk = next(gate for gate in run.told("decision")[0]["gates"] if gate["gate"] == "risk")["inputs"]
        self.assertEqual("risk", risk["bound"])

    def test_targets_are_a_price_or_a_ladder_of_prices(self) -> None:
        def decide(given: CallInput) -> object:
            price = given.market["prices"][BTC]
            return {
                "action": "sell",
                "symbol": BTC,
                "stop_distance": 900.0,
                "targets": [[0.5, price - 100], [0.5, price - 200]],
            }

        run = self.run_for(decide)
        targets = run.told("decision")[0]["signal"]["targets"]
        price = run.told("decision")[0]["gates"][1]["inputs"]["price"]
        self.assertEqual([[0.5, {"price": price - 100}], [0.5, {"price": price - 200}]], targets)


class Problems(Called):
    def test_after_so_many_in_a_row_the_program_is_halted(self) -> None:
        def decide(given: CallInput) -> object:
            number = len(self.sandbox.given)
            return {"action": "hold"} if number == 2 else ProgramProblem("error", f"ZeroDivisionError: {number}", 7)

        run = self.run_for(decide, halt_after=3)
        told = run.told("program")
        self.assertEqual([False, False, False, False, True], ["halted" in one for one in told])
        self.assertEqual({"kind": "error", "text": "ZeroDivisionError: 5", "line": 7}, told[4]["problem"])
        counts = run.session.statistics.program
        self.assertEqual((5, {"error": 4}), (counts.calls, dict(counts.problems)))
        self.assertIsNotNone(counts.halted_ms)

    def test_memory_goes_from_call_to_call_and_a_problem_leaves_it(self) -> None:
        def decide(given: CallInput) -> object:
            if len(self.sandbox.given) == 2:
                return ProgramProblem("error", "KeyError: 'x'", 1)
            return None, {"n": given.memory.get("n", 0) + 1}

        self.run_for(decide)
        self.assertEqual([{}, {"n": 1}, {"n": 1}, {"n": 2}], [one.memory for one in self.sandbox.given[:4]])

    def test_the_worker_is_ended_with_the_session(self) -> None:
        self.run_for(lambda given: None)
        self.assertEqual((1, 0), (len(self.sandbox.limits), self.sandbox.open))


class Sight(Called):
    def test_nothing_later_than_the_moment_is_seen(self) -> None:
        """A sentinel at every boundary: candles after it are others, and all that was seen up to it is the same."""
        source = candles()
        self.run_for(lambda given: None, source=source, pools=[ALWAYS])
        whole = [(one.market, one.account, one.trigger) for one in self.sandbox.given]
        for steps in (1, 3, 4, 5, 8, 17):
            boundary = START_MS + steps * OF_15_MINUTES
            changed = {
                symbol: [
                    one
                    if one.open_time_ms < boundary
                    else msgspec.structs.replace(one, high=one.high * 9, close=one.close * 7, volume=1e9)
                    for one in rows
                ]
                for symbol, rows in source.items()
            }
            for known in (False, True):
                self.run_for(lambda given: None, source=changed, pools=[ALWAYS], known=known)
                seen = [(one.market, one.account, one.trigger) for one in self.sandbox.given]
                before = [one for one in whole if one[0]["time"] <= boundary]
                self.assertEqual(before, [one for one in seen if one[0]["time"] <= boundary])
                self.assertNotEqual(whole[len(before)], seen[len(before)])

    def test_candles_are_those_that_have_closed(self) -> None:
        source = candles()
        self.run_for(lambda given: None, source=source)
        for given in self.sandbox.given:
            now, symbol = given.market["time"], given.trigger["symbol"]
            own = [one for one in source[symbol] if one.open_time_ms + OF_15_MINUTES <= now]
            self.assertEqual(
                [list(msgspec.structs.astuple(one)) for one in own[-8:]], given.market["klines"][symbol][""]
            )
            hours = given.market["klines"][symbol]["1h"]
            self.assertEqual([now - 3 * 3_600_000, now - 2 * 3_600_000, now - 3_600_000], [row[0] for row in hours])
            last = own[-4:]
            self.assertEqual(
                [
                    last[0].open,
                    max(one.high for one in last),
                    min(one.low for one in last),
                    last[3].close,
                    sum(one.volume for one in last),
                ],
                hours[-1][1:],
            )
            self.assertEqual(own[-1].close, given.market["prices"][symbol])

    def test_an_indicator_says_on_how_many_candles_it_rests(self) -> None:
        self.run_for(lambda given: None)
        shown = self.sandbox.given[0].market["indicators"][BTC]
        self.assertEqual((BEFORE + 4, True), (shown["rsi(14)|"]["candles"], shown["rsi(14)|"]["settled"]))
        self.assertEqual((BEFORE // 4 + 1, True), (shown["ema(5)|1h"]["candles"], shown["ema(5)|1h"]["settled"]))
        self.assertEqual({"line", "signal", "histogram"}, set(shown["macd(3,6,3)|"]["value"]))

    def test_calls_are_given_their_symbol_those_that_the_text_names_or_all_from_the_first_on(self) -> None:
        own = READS.replace("return None", "return market.get_regime(trigger.symbol)")
        others = READS.replace("return None", "return [market.get_regime(one) for one in market.symbols]")
        named = READS.replace("return None", f"return market.get_regime({ETH!r}), market.get_regime('none')")
        whole, both = candles(), (BTC, ETH)
        late = {BTC: whole[BTC], ETH: whole[ETH][BEFORE + 5 :]}
        for text, source, read in (
            (own, whole, ()),
            (named, whole, (ETH,)),
            (others, whole, both),
            (others, late, both),
        ):
            asked: list[object] = []
            self.run_for(lambda given, to=asked: to.append(given.serve("get_regime", [ETH, ""])), source, text=text)
            self.assertGreater(len(asked), 5)
            for given, answer in zip(self.sandbox.given, asked, strict=True):
                expected = [one for one in both if one in (*read, given.trigger["symbol"])]
                for part in ("klines", "indicators", "flows", "regimes", "data"):
                    self.assertEqual(expected, [*given.market[part]])
                self.assertEqual(answer, given.market["regimes"].get(ETH, {"": answer})[""])
        self.assertEqual([[], []], [*self.sandbox.given[0].market["klines"][ETH].values()])

    def test_what_is_not_there_has_a_reason(self) -> None:
        self.run_for(lambda given: None)
        flows = self.sandbox.given[0].market["flows"][BTC]
        self.assertIsNone(flows["cvd|"]["value"])
        self.assertIn("which side took", flows["cvd|"]["reason"])
        self.assertIn("execution.perpetual.funding", flows["funding|"]["reason"])

    def test_funding_is_shown_from_the_step_on_that_brings_it(self) -> None:
        due = START_MS + 2 * OF_15_MINUTES
        rates = {BTC: [FundingRate(due + 7, 0.0001), FundingRate(due + 8 * OF_15_MINUTES, -0.0002)]}
        self.run_for(lambda given: None, pools=[ALWAYS], funding=rates, perpetual={"leverage": 2})
        for given in self.sandbox.given:
            told = given.market["flows"][given.trigger["symbol"]]["funding|"]
            steps = (given.market["time"] - due) // OF_15_MINUTES
            expected = None if given.trigger["symbol"] == ETH or steps < 0 else 0.0001 if steps < 8 else -0.0002
            self.assertEqual(expected, told["value"])
            if expected is not None:
                self.assertLessEqual(told["time"], given.market["time"] + 60_000)

    def test_a_read_that_was_not_declared_says_how_to_declare_it(self) -> None:
        asked = []

        def decide(given: CallInput) -> object:
            for name, *arguments in (
                ("get_indicator", BTC, "rsi(7)", "1h"),
                ("get_klines", BTC, "4h", 5),
                ("get_regime", BTC, "1h"),
                ("get_flow", BTC, "funds", ""),
                ("get_klines", "BTC/USD", "", 5),
                ("get_klines", BTC),
                ("get_klines", BTC, "", 0),
            ):
                try:
                    asked.append(given.serve(name, list(arguments)))
                except Refusal as refusal:
                    asked.append(str(refusal))
            return None

        self.run_for(decide)
        self.assertIn('READS = {"indicators": [["rsi(7)", "1h"]]}', asked[0])
        self.assertIn('READS = {"klines": {"4h": 5}}', asked[1])
        self.assertIn('READS = {"regimes": ["1h"]}', asked[2])
        self.assertIn("did you mean funding?", asked[3])
        self.assertIn("allowed: BTC/USDT, ETH/USDT", asked[4])
        self.assertEqual(8, len(asked[5]))
        self.assertIn("a whole number above 0", asked[6])

    def test_the_account_is_that_of_the_step(self) -> None:
        def decide(given: CallInput) -> object:
            if given.trigger["symbol"] != BTC:
                return None
            held = given.account["positions"].get(BTC)
            return {"action": "close"} if held else {"action": "buy", "stop_distance": 4000.0, "reason": "in"}

        run = self.run_for(decide, on_opposite_signal="close")
        first = next(one.account for one in self.sandbox.given if BTC in one.account["positions"])
        self.assertEqual("LONG", first["positions"][BTC]["side"])
        self.assertEqual(START_MS + 4 * OF_15_MINUTES, first["positions"][BTC]["opened_at"])
        self.assertEqual(4, first["positions"][BTC]["candles_held"])
        self.assertEqual(10_000.0, self.sandbox.given[0].account["balance"])
        closes = sum(row["action"] == "CLOSE" for row in run.rows)
        self.assertGreater(closes, 2)
        self.assertEqual(
            closes, max(one.account["trades_today"] for one in self.sandbox.given) + (run.rows[-1]["reason"] == "end")
        )


class Impossible(unittest.TestCase):
    def test_each_mistake_is_one_clear_line(self) -> None:
        wrong = {
            'market.get_indicator(s, "rsj(14)", "1h")': "rsi",
            'market.get_indicator(s, "rsi(14)", "20m")': "no multiple",
            'market.get_klines(s, "7m", 5)': "7m",
            'market.get_flow(s, "fundings", "")': "did you mean funding?",
        }
        for call, expected in wrong.items():
            with self.subTest(call):
                text = f"def decide(market, account, trigger):\n    s = trigger.symbol\n    return {call}\n"
                strategy = ProgramStrategy({"code": text, "schedule": "1h"})
                with self.assertRaises(ConfigurationError) as raised:
                    strategy.prepare_features("15m", (BTC,))
                self.assertIn(expected, str(raised.exception))
                self.assertEqual(1, len(str(raised.exception).splitlines()))


if __name__ == "__main__":
    unittest.main()
