"""A program's session that is killed between any two steps, and taken up again, goes on as if it had not been."""

import ast
import json
import unittest
from collections.abc import Iterable

import msgspec

from engine.fold import SessionFold
from engine.journal_records import ProgramRecord, SessionRecord, StepRecord, fields_of
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from strategies.programs.program_strategy import ProgramStrategy
from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_sandbox import ProgramSandbox
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import settings_from
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES
from tests.support.times import JANUARY_MS

BEFORE = 300
STEPS = 9
START_MS = JANUARY_MS + BEFORE * OF_15_MINUTES
ALL_THAT_IS_KEPT = f"""
SEEN = []
def decide(market, account, trigger):
    number = (market.time - {START_MS}) // {OF_15_MINUTES} * 2 - (trigger.symbol == "BTC/USDT")
    memory["calls"] = memory.get("calls", 0) + 1
    SEEN.append(number)
    print("call", number, memory["calls"], len(SEEN), iter([1]))
    mine = market.get_klines(trigger.symbol, "", 8)
    other = "ETH/USDT" if trigger.symbol == "BTC/USDT" else "BTC/USDT"
    if number == 3:
        memory["rsi"] = market.get_indicator(other, "rsi(14)")["value"]
    if number in (7, 13, 15):
        many = [market.get_indicator(other, "rsi(14)")["value"] for one in range(1100)]
        memory["rsi"] = [len(many), many[-1]]
    if number in (8, 14):
        length = "15" + "m"
        memory["close"] = market.get_klines(other, length, 2)[0]["close"]
    if number in (9, 10, 12):
        return 1 / 0
    if account.positions.get(trigger.symbol):
        return Decision("close", reason=str(memory))
    return Decision("buy", stop_distance=mine[-1]["close"] * 0.01, reason=f"{{len(mine)}} {{account}} {{memory}}")
"""
"""Reads of a symbol that an earlier call asked for, memory, print, places of objects, problems in a row."""
KEPT_SESSION = ALL_THAT_IS_KEPT.replace("SEEN = []\n", "").replace("    SEEN.append(number)\n", "")
KEPT_SESSION = KEPT_SESSION.replace(", len(SEEN), iter([1])", "")
"""The same in a session of the interpreter that many calls share."""
ALWAYS = {"id": "a", "name": "A", "mode": "level", "all": [{"feature": "close", "op": ">", "value": 0}]}
LATE = ProgramProblem("machine", "time: the call took more than 0.25 s of processor time")


class FailingSandbox:
    """Runs a program, and has some of its calls fail by their machine once they have done all that they do."""

    def __init__(self, failing: frozenset[int]) -> None:
        self._failing = failing
        self.done = 0

    def __call__(self, text: ProgramText, limits: ProgramLimits) -> "FailingSandbox":
        self._sandbox = ProgramSandbox(text, limits)
        return self

    def call(self, given: CallInput) -> CallAnswer:
        """Answer a call."""
        self.done += 1
        answer = self._sandbox.call(given)
        return CallAnswer(None, given.memory, LATE) if self.done in self._failing else answer

    def close(self) -> None:
        """Close the program."""
        self._sandbox.close()


class Told:
    """A session of a program over steps; some may be those of its journal, through which it is resumed."""

    def __init__(self, text: str, record: SessionRecord, failing: Iterable[int], **params: object) -> None:
        self.sandbox = FailingSandbox(frozenset(failing))
        self.written = bytearray()
        strategy = ProgramStrategy({"code": text, "pools": [ALWAYS], "halt_after": 3, **params}, sandbox=self.sandbox)
        self.outputs = SessionOutputs(decisions=self.written.extend)
        settings = settings_from({}, (BTC, ETH), "15m")
        self.fold = SessionFold(record, settings, self.outputs, strategy)

    def step(self, step: StepRecord, digest: str = "") -> tuple[str, list[ProgramRecord]]:
        """Take a step; return the outputs' digest after it, and what the journal has to say of its calls."""
        self.fold.apply(msgspec.structs.replace(step, digest=digest or self.outputs.digest()))
        return self.outputs.digest(), list(self.fold.machine_records())


class Resumed(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.candles = practice_candles((BTC, ETH), "15m", BEFORE + STEPS)

    def record(self) -> SessionRecord:
        markets = PracticeMarket().markets()
        before = {one: [fields_of(row) for row in rows[:BEFORE]] for one, rows in self.candles.items()}
        return SessionRecord("s", "", "", {}, {one: markets[one] for one in before}, before, False)

    def steps(self) -> list[StepRecord]:
        rows = zip(*(self.candles[one][BEFORE:] for one in (BTC, ETH)), strict=True)
        return [StepRecord(row[0].open_time_ms + OF_15_MINUTES, tuple(map(fields_of, row)), "") for row in rows]

    def test_between_any_two_steps_it_may_be_killed_and_its_journal_goes_on_the_same(self) -> None:
        record, steps = self.record(), self.steps()
        for text, failing in ((ALL_THAT_IS_KEPT, (3,)), (KEPT_SESSION, (3, 4, 11))):
            self.assertEqual(text == KEPT_SESSION, keeps_nothing(ast.parse(text)))
            live = Told(text, record, failing)
            digests, noted = zip(*map(live.step, steps), strict=True)
            self.assertEqual(len(failing), sum(map(len, noted)))
            told = [json.loads(one) for one in live.written.splitlines()]
            calls = [one for one in told if one["event"] == "program"]
            self.assertEqual({"machine", "error"}, {one["problem"]["kind"] for one in calls if "problem" in one})
            self.assertEqual(failing != (3,), any("halted" in one for one in calls))
            self.assertEqual(failing == (3,), "[1100, " in str(calls[-2:]))
            for killed in range(1, STEPS):
                with self.subTest(failing=failing, killed=killed):
                    past = [one for step in noted[:killed] for one in step]
                    resumed = Told(text, record, ())
                    resumed.fold.recall(past)
                    for place in range(killed):
                        before = digests[place - 1] if place else ""
                        self.assertEqual((digests[place], []), resumed.step(steps[place], before))
                    resumed.fold.recalled()
                    resumed.sandbox._failing = frozenset(one - len(past) for one in failing)
                    for place in range(killed, STEPS):
                        self.assertEqual((digests[place], noted[place]), resumed.step(steps[place]))
                    self.assertEqual(live.written, resumed.written)


if __name__ == "__main__":
    unittest.main()
