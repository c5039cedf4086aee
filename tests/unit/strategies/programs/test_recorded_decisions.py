"""Decisions on record: what is written is read back, and what is no record is refused with its line."""

import os
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from strategies.programs.recorded_decisions import (
    LONGEST_FILE,
    UNANSWERED,
    RecordedDecisions,
    RecordingSource,
    TriggerKey,
    text_of,
)
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput

HOUR_MS = 3_600_000
NOWHERE = Path(os.devnull)


def given(time_ms: int, symbol: str = "A/USDT", pool: str = "", memory: dict[str, object] | None = None) -> CallInput:
    trigger = {"time_ms": time_ms, "symbol": symbol, "pool_id": pool}
    return CallInput({}, {}, trigger, memory or {}, lambda name, arguments: None)


class Told:
    """Answers with what it is told to, one after the other."""

    def __init__(self, *answers: CallAnswer) -> None:
        self._answers = list(answers)
        self.closed = 0

    def call(self, given: CallInput) -> CallAnswer:
        return self._answers.pop(0)

    def close(self) -> None:
        self.closed += 1


class Recording(unittest.TestCase):
    def test_what_is_recorded_is_answered_again(self) -> None:
        answers = (
            CallAnswer({"action": "buy", "size": 0.1 + 0.2, "targets": [[0.5, 1e-7]]}, {"n": 1}, printed=("é", "b")),
            CallAnswer(None, {}, ProgramProblem("error", "ZeroDivisionError: division by zero", 7)),
            CallAnswer(float("inf"), {}),
            CallAnswer(None, {}),
        )
        calls = [given(0), given(0, pool="dip"), given(HOUR_MS), given(HOUR_MS, "B/USDT")]
        lines: list[str] = []
        told = Told(*answers)
        source = RecordingSource(told, lines.append)
        self.assertEqual(list(answers), [source.call(one) for one in calls])
        source.close()
        self.assertEqual(1, told.closed)
        recorded = RecordedDecisions.of("".join(lines))
        for call, answer in zip(calls, answers, strict=True):
            again = recorded.call(call)
            self.assertEqual(
                (answer.decision, answer.problem, answer.printed), (again.decision, again.problem, again.printed)
            )

    def test_a_trigger_without_a_record_holds_says_so_and_keeps_the_memory(self) -> None:
        recorded = RecordedDecisions.of('{"time": "1970-01-01T00:00:00Z", "symbol": "A/USDT", "decision": null}\n\n')
        self.assertEqual(CallAnswer(None, {"n": 2}), recorded.call(given(0, memory={"n": 2})))
        self.assertEqual((UNANSWERED,), recorded.call(given(0, pool="dip")).printed)

    def test_lines_are_as_other_programs_write_them(self) -> None:
        line = '{"time": 0, "symbol": "A/USDT", "decision": {"action": "hold", "reason": "a\u2028b\x85c"}}'
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "answers.jsonl"
            file.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n")
            answer = RecordedDecisions.read(file).call(given(0))
        self.assertEqual({"action": "hold", "reason": "a\u2028b\x85c"}, answer.decision)

    def test_what_is_no_file_or_too_long_a_one_is_not_read(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "answers.jsonl"
            with file.open("wb") as opened:
                opened.truncate(LONGEST_FILE + 1)
            for path, said in (
                (file, "allowed: at most 268,435,456"),
                (Path(folder), "is no file"),
                (NOWHERE, "no file"),
            ):
                with self.subTest(path), self.assertRaisesRegex(ConfigurationError, said):
                    text_of(path)

    def test_times_are_text_or_milliseconds(self) -> None:
        line = '{{"time": {}, "symbol": "A", "pool": "p", "decision": {{"action": "close"}}}}'
        for time in ('"1970-01-01T01:00"', "3600000", '"1970-01-01T02:00:00+01:00"'):
            with self.subTest(time):
                answer = RecordedDecisions.of(line.format(time)).call(given(HOUR_MS, "A", "p"))
                self.assertEqual({"action": "close"}, answer.decision)

    def test_what_is_no_record_is_named_with_its_line(self) -> None:
        good = '{"time": 0, "symbol": "A", "decision": null}\n'
        for line, said in (
            ("{", "decisions:2: is no JSON — allowed: "),
            ("[1]", "decisions:2: a list of 1|decisions:2: .* is no record"),
            (
                '{"time": 0, "symbol": "A", "decison": null}',
                r"decisions:2: 'decison' is no key \(did you mean decision",
            ),
            ('{"time": 0, "symbol": "A"}', "decisions:2: has no decision"),
            ('{"time": 0, "decision": null}', "decisions:2: symbol: None"),
            ('{"time": "soon", "symbol": "A", "decision": null}', "decisions:2: time 'soon' is not a date"),
            ('{"time": true, "symbol": "A", "decision": null}', "decisions:2: time: True"),
            ('{"time": 0, "symbol": "B", "decision": null, "printed": 3}', "decisions:2: printed: 3"),
            ('{"time": 0, "symbol": "B", "decision": null, "problem": {"kind": "?"}}', "decisions:2: problem: "),
            (good.strip(), "decisions:2: A 1970-01-01T00:00:00.000Z schedule stands in line 1 already"),
            ("[" * 100_000, "decisions:2: is no JSON"),
        ):
            with self.subTest(line[:60]), self.assertRaisesRegex(ConfigurationError, said):
                RecordedDecisions.of(good + line)

    def test_a_key_is_that_of_the_trigger(self) -> None:
        self.assertEqual(TriggerKey(5, "A", "p"), TriggerKey.of({"time_ms": 5, "symbol": "A", "pool_id": "p"}))


if __name__ == "__main__":
    unittest.main()
