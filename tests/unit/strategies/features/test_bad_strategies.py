"""What is wrong with a feature strategy is one line: before the start if that can be known, else at its candle."""

import sys
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError, HarnessError
from strategies.scalping_ema_rsi import ScalpingEMARSI
from strategies.strategy_registry import build_strategy, params_model
from tests.support.candles import candle
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import stepped_run
from tests.support.times import MINUTE_MS

HEAD = """
from pydantic import BaseModel
from indicators import EMA, OBV, SMA
from strategies import Feature, FeatureStrategy

class Mine(FeatureStrategy):
    class Params(BaseModel):
        length: int = 3

    def features(self, params):
        return {features}

    def decide(self, now):
        {decide}
"""


class BadStrategies(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        self.addCleanup(sys.modules.pop, "bad_ideas", None)

    def failure(self, features: str = "{}", decide: str = "return None", more: str = "", **params: object) -> str:
        """Return the one line with which building or running a strategy ends."""
        text = HEAD.replace("{features}", features).replace("{decide}", decide)
        (self.folder / "bad_ideas.py").write_text(text + more)
        with self.assertRaises(HarnessError) as caught:
            strategy = build_strategy("bad_ideas:Mine", params, "2m", ["BTC/USDT"])
            candles = {"BTC/USDT": [candle(2 * number) for number in range(3)]}
            steps = steps_of(candles, ["BTC/USDT"], 2 * MINUTE_MS)
            stepped_run(strategy, steps, ["BTC/USDT"], timeframe="2m")
        self.assertEqual(1, len(str(caught.exception).splitlines()), caught.exception)
        return str(caught.exception)

    def test_parameters_that_are_checked_already_are_taken(self) -> None:
        strategy = ScalpingEMARSI(ScalpingEMARSI.Params(ema_fast=5))
        self.assertEqual(5, strategy.params.ema_fast)

    def test_features_that_cannot_be(self) -> None:
        for features, words in (
            (
                "{'a': Feature(EMA(3), timeframe='3m')}",
                "feature 'a': timeframe '3m' is no multiple of the strategy's own, 2m",
            ),
            ("{'a': Feature(EMA(3), timeframe='1M')}", "timeframe '1M' is not understood"),
            (
                "{'a': Feature(EMA(3), symbol='BTC/USTD')}",
                "feature 'a': symbol 'BTC/USTD' (did you mean BTC/USDT?) is neither traded nor watched",
            ),
            (
                "{'a': Feature(EMA(3), symbol='SOL/USDT')}",
                "symbol 'SOL/USDT' is neither traded nor watched — allowed: BTC/USDT, or another one that is added u",
            ),
            ("{'a': OBV()}", "feature 'a': never forgets the first candle"),
            ("{'a': 3}", "feature 'a' is 3 — allowed: an indicator such as EMA(9)"),
            ("{'a': 'clsoe'}", "feature 'a': of: 'clsoe' is no price; did you mean 'close'?"),
            ("{'a': EMA(0)}", "ValueError: period must be at least 1, got 0 (bad_ideas.py:11)"),
            ("{'close': EMA(3)}", "feature 'close': the name is taken by now.close"),
            ("{'a b': EMA(3)}", "feature 'a b': allowed: a name as of a variable"),
            ("{'class': EMA(3)}", "feature 'class': allowed: a name as of a variable"),
            ("[EMA(3)]", "features returned"),
            (
                "{'a': EMA(params.lenght)}",
                "AttributeError: 'Params' object has no attribute 'lenght' (bad_ideas",
            ),
        ):
            with self.subTest(features):
                line = self.failure(features)
                self.assertIn(words, line)
                self.assertIn("strategy bad_ideas:Mine", line)

    def test_parameters_that_are_none(self) -> None:
        self.assertIn("params.lenght: unknown key (did you mean length?)", self.failure(lenght=3))
        self.assertIn("params.length: 'x'", self.failure(length="x"))
        self.assertEqual({"length"}, set(params_model("bad_ideas:Mine").model_fields))  # type: ignore[union-attr]
        with self.assertRaisesRegex(ConfigurationError, "unknown key"):
            build_strategy("bad_ideas:Mine", {"slow": 3})

    def test_a_class_without_parameters_says_so(self) -> None:
        text = (
            HEAD.replace("{features}", "{}").replace("{decide}", "pass").replace("class Params(BaseModel)", "class _No")
        )
        (self.folder / "bad_ideas.py").write_text(text)
        with self.assertRaisesRegex(
            ConfigurationError, "params.slow: unknown key — it has no parameters: its class has"
        ):
            build_strategy("bad_ideas:Mine", {"slow": 3})

    def test_answers_that_are_none(self) -> None:
        at = "strategy Mine failed on BTC/USDT at the candle opened 1970-01-01T00:00:00.000Z: "
        for decide, words in (
            ("return 'LONG'", "StrategyError: decide returned 'LONG'; allowed: self.long(…)"),
            ("return {'signal': 'LONG'}", "decide returned {'signal': 'LONG'}"),
            (
                "return now.fsat",
                "AttributeError: there is no feature 'fsat' (did you mean fast?); features: fast",
            ),
            ("return self.long(target='2x')", "ValueError: target '2x'; allowed: a price, or multiples"),
            ("return self.long(stop_dist=3.0)", "self.long has no 'stop_dist' (did you mean stop_distance?); allowed:"),
            ("return self.long(targets=['1R', '2R'])", "targets has '1R'; allowed: pairs, as in targets=[(0.5, '1R')"),
            ("return self.longer()", "AttributeError: 'Mine' object has no attribute 'longer' (bad_ideas.py:14)"),
        ):
            with self.subTest(decide):
                line = self.failure("{'fast': EMA(3)}", decide)
                self.assertTrue(line.startswith(at), line)
                self.assertIn(words, line)
                self.assertIn("(bad_ideas.py:", line)

    def test_a_constructor_of_its_own_that_forgets_the_first(self) -> None:
        more = "\n    def __init__(self, params):\n        self.count = 0\n"
        self.assertIn("Mine.__init__ must call super().__init__(params)", self.failure(more=more))

    def test_one_without_a_decision(self) -> None:
        more = "\n    decide = FeatureStrategy.decide\n"
        self.assertIn("Mine has no decide(now)", self.failure(more=more))

    def test_a_hook_that_asks_for_what_is_no_feature(self) -> None:
        more = "\n    lookback = 0\n\n    def on_fill(self, now, fill):\n        now.fsat\n"
        line = self.failure(decide="return self.long(stop_distance=5.0)", more=more)
        self.assertRegex(line, r"there is no feature 'fsat'; features: none \(bad_ideas.py:19\)$")

    def test_methods_that_nobody_would_call(self) -> None:
        for more, words in (
            ("    def on_filled(self, now, fill): pass", "Mine.on_filled means nothing; did you mean on_fill?"),
            ("    def candidate(self, columns): pass", "Mine.candidate means nothing; did you mean candidates?"),
            ("    look_back = 3", "Mine.look_back means nothing; did you mean lookback?"),
        ):
            self.assertIn(words, self.failure(more=f"\n{more}\n"))
            self.assertIn("(bad_ideas.py", self.failure(more=f"\n{more}\n"))
        head = HEAD
        for name in ("feature", "get_features", "featuers"):
            text = head.replace("def features", f"def {name}").replace("{features}", "{}").replace("{decide}", "pass")
            (self.folder / "bad_ideas.py").write_text(text)
            with self.assertRaisesRegex(
                ConfigurationError, rf"Mine.{name} means nothing; did you mean features\? \(bad_ideas.py:10\)"
            ):
                build_strategy("bad_ideas:Mine", {}, "2m", ["BTC/USDT"])
        # What stands beside the hook itself is a helper.
        (self.folder / "bad_ideas.py").write_text(
            head.replace("{features}", "{}").replace("{decide}", "pass") + "\n    def feature(self): pass\n"
        )
        build_strategy("bad_ideas:Mine", {}, "2m", ["BTC/USDT"])

    def test_methods_that_take_something_else(self) -> None:
        for more, words in (
            (
                "    def decide(self): pass",
                "decide is called as decide(now), and takes () beside self (bad_ideas.py:16)",
            ),
            ("    def features(self): return {}", "features is called as features(params), and takes ()"),
            ("    def on_fill(self, fill): pass", "on_fill is called as on_fill(now, fill), and takes (fill)"),
        ):
            self.assertIn(words, self.failure(more=f"\n{more}\n"))

    def test_distances_are_called_as_they_were_said(self) -> None:
        line = self.failure(decide="return self.long(stop_distance=float('nan'))", more="\n    lookback = 0\n")
        self.assertIn("stop_distance is nan; a finite number is needed", line)
        self.assertIn("(bad_ideas.py:13)", line)

    def test_a_hook_that_fails_names_its_line(self) -> None:
        more = "\n    lookback = 0\n\n    def on_fill(self, now, fill):\n        raise KeyError(fill.price)\n"
        line = self.failure(decide="return self.long(stop_distance=5.0)", more=more)
        self.assertRegex(line, r"opened 1970-01-01T00:0\S+: KeyError: 100.0 \(bad_ideas.py:19\)$")


if __name__ == "__main__":
    unittest.main()
