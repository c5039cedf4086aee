"""The fault script: reading it, setting it against an exchange, and what it makes of single candles."""

import hashlib
import json
import tempfile
import unittest
from pathlib import Path

from core.candle import Candle
from core.errors import ConfigurationError
from practice import FaultKind, FaultScript
from practice.faults.candle_treatment import ORDINARY, Sending, revised, treatment
from practice.faults.compiled_script import CompiledScript
from practice.faults.fault_script import (
    DelayFinals,
    DropConnections,
    DuplicateFinals,
    FailRest,
    LateFunding,
    LateOpenInterest,
    OrderCloses,
    PublishLate,
    ReorderFinals,
    Restart,
    ReviseCandle,
    ScriptedFault,
    SkipCandle,
    Stall,
    WrongClock,
)
from practice.faults.random_faults import ALTERING, BOUNDARIES, LOSSLESS, random_faults
from practice.spans import span_ms
from tests.support.times import JANUARY_MS, MINUTE_MS

SYMBOLS = ["BTC/USDT", "ETH/USDT"]
SCRIPTS_SHA256 = "4646bf0a8baf08bde75a021c30b085f88b6957e860abf91cf3de082129bab64b"

EVERY_KIND = """\
timeframe: 1m
faults:
  - {kind: drop, at: 10m}
  - {kind: drop, final: 4, how: close}
  - {kind: stall, at: 2024-01-01T00:10, duration: 90s, pings: false, rest: true}
  - {kind: delay, final: 3, symbols: [BTCUSDT], count: 2, by: 15s}
  - {kind: duplicate, at: 5m, times: 3}
  - {kind: reorder, at: 5m}
  - {kind: revise, at: 5m, after: 30s, change: -0.002, stream: false}
  - {kind: skip, at: 5m, where: everywhere}
  - {kind: publish_late, at: 5m, by: 20s}
  - {kind: garbage, at: 5m, form: binary, count: 3}
  - {kind: half_frame, final: 9}
  - {kind: rest, at: 6m, form: status, status: 429, retry_after_s: 3, duration: 1m}
  - {kind: wrong_clock, at: 6m, by: -1h}
  - {kind: restart, at: 7m, duration: 30s}
  - {kind: skip, timeframe: 15m, final: 1}
  - {kind: order, at: 15m, by: timeframe, coarse_first: true, last_symbol_first: true, duration: 1h}
  - {kind: late_funding, at: 7h, duration: 2h, by: 10m, symbols: [ETH/USDT]}
  - {kind: late_open_interest, at: 7h, duration: 5m}
"""


def compiled(*faults: ScriptedFault, start_ms: int = JANUARY_MS) -> CompiledScript:
    """Return a script of these faults, set against two symbols on 1m."""
    return CompiledScript(FaultScript(faults=tuple(faults)), start_ms, SYMBOLS, "1m")


class Reading(unittest.TestCase):
    def test_a_file_with_every_kind_is_read_and_written_back(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "faults.yaml"
            path.write_text(EVERY_KIND, encoding="utf-8")
            script = FaultScript.from_file(path)
        self.assertEqual(len(script.faults), 18)
        self.assertEqual(script.faults[0], DropConnections(at="10m"))
        self.assertEqual(script.faults[3], DelayFinals(final=3, symbols=("BTCUSDT",), count=2, by="15s"))
        self.assertEqual(FaultScript.from_dict(script.to_dict()), script)
        CompiledScript(script, JANUARY_MS, SYMBOLS, "1m")

    def test_what_is_wrong_is_named_with_its_place(self) -> None:
        for fault, words in (
            ({"kind": "drop", "when": 1}, r"when.*faults\[0\]"),
            ({"kind": "delay"}, r"by.*faults\[0\]"),
            ({"kind": "garbage", "form": "soup"}, r"soup.*form"),
            ({"kind": "duplicate", "times": "2"}, r"int.*times"),
        ):
            with self.assertRaisesRegex(ConfigurationError, words):
                FaultScript.from_dict({"faults": [fault]})

    def test_a_wrong_kind_is_answered_with_those_there_are(self) -> None:
        for fault, words in (
            ({"kind": "revize"}, "faults[1].kind: 'revize' (did you mean revise?) — allowed: delay, drop, "),
            ({"at": 5}, "faults[1].kind: is missing — allowed: delay, drop, "),
            ({"kind": ["drop"]}, "faults[1].kind: a list of 1 — allowed: delay, drop, "),
        ):
            with self.assertRaises(ConfigurationError) as caught:
                FaultScript.from_dict({"faults": [{"kind": "drop"}, fault]}, "faults.yaml")
            self.assertIn(f"faults.yaml: {words}", str(caught.exception))

    def test_lengths_of_time(self) -> None:
        for text, length in (("500ms", 500), ("1.5h", 5_400_000), ("2d", 172_800_000), ("30s", 30_000), (7, 7)):
            self.assertEqual(span_ms(text, "by"), length)
        self.assertEqual(span_ms("-1h", "by", negative=True), -3_600_000)
        for wrong in ("", "5", "1w", "-1h", "1e3s", -1, True):
            with self.assertRaisesRegex(ConfigurationError, "by .*length of time"):
                span_ms(wrong, "by")


class Compiling(unittest.TestCase):
    def test_the_nth_final_closes_n_intervals_after_the_start(self) -> None:
        for start_ms, opens in (
            (JANUARY_MS, JANUARY_MS + 2 * MINUTE_MS),
            (JANUARY_MS - 1, JANUARY_MS + MINUTE_MS),
            (JANUARY_MS + 1, JANUARY_MS + 2 * MINUTE_MS),
        ):
            script = compiled(ReorderFinals(final=3), start_ms=start_ms)
            self.assertEqual(sorted(script.treatments), [("BTC/USDT", opens), ("ETH/USDT", opens)])

    def test_a_time_between_closes_means_the_next_one(self) -> None:
        for at, minute in (
            (0, 0),
            ("1s", 0),
            ("60s", 0),
            ("61s", 1),
            ("2024-01-01T00:02", 1),
            ("2024-01-01T00:02:01", 2),
        ):
            script = compiled(SkipCandle(at=at, symbols=("eth-usdt",)))
            self.assertEqual(list(script.treatments), [("ETH/USDT", JANUARY_MS + minute * MINUTE_MS)], at)

    def test_other_timeframes_are_left_alone(self) -> None:
        script = compiled(SkipCandle(final=1))
        self.assertEqual(script.treatment("BTC/USDT", "1m", JANUARY_MS).sendings, ())
        self.assertIs(script.treatment("BTC/USDT", "5m", JANUARY_MS), ORDINARY)

    def test_a_fault_may_name_a_timeframe_of_its_own(self) -> None:
        script = compiled(
            SkipCandle(final=1, timeframe="15m"),
            SkipCandle(at="16m", count=2, timeframe="5m", symbols=("BTC/USDT",)),
            DuplicateFinals(final=2),
        )
        self.assertEqual(sorted(script.by_timeframe), ["15m", "1m", "5m"])
        self.assertEqual(list(script.by_timeframe["15m"]), [("BTC/USDT", JANUARY_MS), ("ETH/USDT", JANUARY_MS)])
        fives = [("BTC/USDT", JANUARY_MS + 15 * MINUTE_MS), ("BTC/USDT", JANUARY_MS + 20 * MINUTE_MS)]
        self.assertEqual(list(script.by_timeframe["5m"]), fives)
        self.assertEqual(script.treatments, script.by_timeframe["1m"])
        self.assertEqual(script.treatment("BTC/USDT", "15m", JANUARY_MS).sendings, ())
        self.assertIs(script.treatment("BTC/USDT", "1m", JANUARY_MS), ORDINARY)

    def test_the_last_order_of_closes_that_is_in_force_counts(self) -> None:
        script = compiled(OrderCloses(at="1m", by="timeframe"), OrderCloses(at="2m", duration="1m", coarse_first=True))
        orders = [script.order_of_closes(JANUARY_MS + minute * MINUTE_MS) for minute in range(4)]
        self.assertEqual([order.by for order in orders], ["symbol", "timeframe", "symbol", "timeframe"])
        self.assertEqual([order.coarse_first for order in orders], [False, False, True, False])

    def test_funding_is_late_for_payments_due_in_the_window_alone(self) -> None:
        script = compiled(
            LateFunding(at="1h", duration="1h", by="10m", symbols=("ethusdt",)), LateFunding(at="90m", by="1m")
        )
        delays = {
            (symbol, minute): script.funding_delay_ms(symbol, JANUARY_MS + minute * MINUTE_MS, 3000)
            for symbol in SYMBOLS
            for minute in (59, 60, 90, 119, 120)
        }
        self.assertEqual([delays["BTC/USDT", minute] for minute in (59, 60, 90, 120)], [3000, 3000, 60_000, 60_000])
        self.assertEqual(
            [delays["ETH/USDT", minute] for minute in (59, 60, 119, 120)], [3000, 600_000, 600_000, 60_000]
        )

    def test_open_interest_is_late_or_missing_for_stamps_in_the_window_alone(self) -> None:
        script = compiled(
            LateOpenInterest(at="1h", duration="5m", symbols=("ethusdt",)), LateOpenInterest(at="2h", by="4m")
        )
        delays = {
            (symbol, minute): script.open_interest_delay_ms(symbol, JANUARY_MS + minute * MINUTE_MS, 40_000)
            for symbol in SYMBOLS
            for minute in (55, 60, 65, 120)
        }
        self.assertEqual([delays["BTC/USDT", minute] for minute in (55, 60, 65, 120)], [40_000] * 3 + [240_000])
        self.assertEqual([delays["ETH/USDT", minute] for minute in (55, 65, 120)], [40_000, 40_000, 240_000])
        self.assertGreater(delays["ETH/USDT", 60], 10**15)

    def test_outages_have_a_beginning_and_an_end_unless_they_are_for_good(self) -> None:
        actions = compiled(Restart(at="1m", duration="1m"), Stall(at="2m")).actions
        self.assertEqual(
            [(one.at_ms - JANUARY_MS, one.ends) for one in actions],
            [(MINUTE_MS, False), (2 * MINUTE_MS, True), (2 * MINUTE_MS, False)],
        )

    def test_offsets_of_the_clock_add_up_while_they_last(self) -> None:
        script = compiled(WrongClock(at="1m", by="1h", duration="2m"), WrongClock(at="2m", by="-10s"))
        told = [script.told_offset_ms(JANUARY_MS + minute * MINUTE_MS) for minute in range(4)]
        self.assertEqual(told, [0, 3_600_000, 3_590_000, -10_000])

    def test_rest_faults_are_counted_and_timed(self) -> None:
        script = compiled(FailRest(at="1m", duration="1m", times=2, path="klines", symbols=("BTC/USDT",)))
        asked = [(0, "BTCUSDT"), (1, "ETHUSDT"), (1, "BTCUSDT"), (1, "BTCUSDT"), (1, "BTCUSDT"), (2, "BTCUSDT")]
        taken = [
            script.take_rest_fault(JANUARY_MS + minute * MINUTE_MS, "/api/v3/klines", name) for minute, name in asked
        ]
        self.assertEqual([fault is not None for fault in taken], [False, False, True, True, False, False])

    def test_scripts_that_do_not_fit_are_refused_with_the_number_of_the_fault(self) -> None:
        for fault, words in (
            (SkipCandle(symbols=("DOGE/USDT",)), "DOGE/USDT"),
            (SkipCandle(count=0), "count 0"),
            (DelayFinals(by="soon"), "soon"),
            (FailRest(), "duration or a number"),
            (Stall(rest=True), "needs a duration"),
            (DropConnections(at="1m", final=2), "instead of"),
            (DropConnections(final=0), "counts from 1"),
            (DropConnections(at="2023-12-31"), "before the exchange's start"),
            (DropConnections(at="tomorrow"), "tomorrow"),
            (SkipCandle(timeframe="7m"), "timeframe '7m' is not served"),
            (OrderCloses(duration="long"), "duration 'long'"),
            (LateFunding(by="-1m"), "by '-1m'"),
            (LateFunding(by="1m", symbols=("DOGE/USDT",)), "DOGE/USDT"),
            (LateOpenInterest(by="late"), "by 'late'"),
        ):
            with self.assertRaisesRegex(ConfigurationError, f"fault 2 of the script: .*{words}"):
                compiled(Restart(), fault)


class Treatments(unittest.TestCase):
    def test_faults_of_one_candle_combine_whatever_their_order(self) -> None:
        faults = [
            DelayFinals(by="10s"),
            DuplicateFinals(times=2),
            PublishLate(by="1m"),
            ReviseCandle(after="5s", change=0.5),
        ]
        for order in (faults, faults[::-1]):
            one = treatment(order)
            self.assertEqual((one.published_ms, one.revised_ms, one.change), (60_000, 75_000, 0.5))
            self.assertEqual([sending.delay_ms for sending in one.sendings], [70_000, 70_000, 75_000])
            self.assertEqual([sending.revised for sending in one.sendings], [False, False, True])

    def test_a_candle_that_is_skipped_is_not_sent_whatever_else_befalls_it(self) -> None:
        for where in ("stream", "everywhere"):
            one = treatment([DuplicateFinals(), SkipCandle(where=where), ReviseCandle()])  # type: ignore[arg-type]
            self.assertEqual((one.sendings, one.exists), ((), where == "stream"))

    def test_an_ordinary_candle_is_sent_once_at_its_close(self) -> None:
        self.assertEqual(ORDINARY.sendings, (Sending(),))

    def test_a_revision_always_changes_the_close_and_stays_inside_high_and_low(self) -> None:
        for change in (0.01, -0.01, 0.0, 1e-9, -2.0):
            candle = revised(Candle(0, 1.0, 1.1, 0.9, 1.05, 3.0), change, 2)
            self.assertNotEqual(candle.close, 1.05)
            self.assertTrue(0 < candle.low <= candle.close <= candle.high)


class RandomScripts(unittest.TestCase):
    def test_a_seed_names_one_script_for_ever(self) -> None:
        script = random_faults(7, duration_ms=3_600_000, symbols=SYMBOLS, count=3)
        self.assertEqual(script, random_faults(7, duration_ms=3_600_000, symbols=SYMBOLS, count=3))
        self.assertNotEqual(script, random_faults(8, duration_ms=3_600_000, symbols=SYMBOLS, count=3))

    def test_every_kind_is_drawn_and_every_script_fits(self) -> None:
        seen = set()
        for seed in range(60):
            script = random_faults(seed, duration_ms=3_600_000, symbols=SYMBOLS)
            CompiledScript(script, JANUARY_MS, SYMBOLS, "1m")
            seen |= {(str(fault["kind"]), fault.get("where")) for fault in script.to_dict()["faults"]}  # type: ignore[attr-defined]
        self.assertEqual(len({kind for kind, _ in seen}), len(LOSSLESS + ALTERING) - 2)
        self.assertLessEqual({("skip", "stream"), ("skip", "everywhere")}, seen)

    def test_further_timeframes_are_drawn_for_faults_of_candles_alone(self) -> None:
        named = set()
        for seed in range(40):
            script = random_faults(
                seed,
                duration_ms=3_600_000,
                symbols=SYMBOLS,
                timeframe="15m",
                timeframes=("1m",),
                kinds=("skip", "drop"),
            )
            named |= {fault.timeframe for fault in script.faults if isinstance(fault, SkipCandle)}
            CompiledScript(script, JANUARY_MS, SYMBOLS, "15m")
        self.assertEqual(named, {"15m", "1m"})

    def test_boundaries_are_drawn_when_they_are_named(self) -> None:
        drawn = [random_faults(seed, duration_ms=1000, symbols=SYMBOLS, kinds=BOUNDARIES) for seed in range(9)]
        kinds = {type(fault) for script in drawn for fault in script.faults}
        self.assertEqual(kinds, {OrderCloses, LateFunding})
        for script in drawn:
            CompiledScript(script, JANUARY_MS, SYMBOLS, "1m")

    def test_scripts_of_a_seed_are_those_of_every_release(self) -> None:
        digest = hashlib.sha256()
        for seed in range(200):
            script = random_faults(seed, duration_ms=3_600_000, symbols=SYMBOLS)
            faults: list[dict[str, object]] = script.to_dict()["faults"]  # type: ignore[assignment]
            # None of these names a timeframe, and the hash is over what they say.
            plain = [{key: value for key, value in fault.items() if key != "timeframe"} for fault in faults]
            digest.update(json.dumps(plain, sort_keys=True).encode())
        self.assertEqual(digest.hexdigest(), SCRIPTS_SHA256)

    def test_only_what_is_asked_for_is_drawn(self) -> None:
        script = random_faults(1, duration_ms=1000, symbols=SYMBOLS, kinds=("rest",), count=20)
        self.assertTrue(all(isinstance(fault, FailRest) and fault.form in FaultKind for fault in script.faults))
        with self.assertRaisesRegex(ConfigurationError, "flood"):
            random_faults(1, duration_ms=1000, symbols=SYMBOLS, kinds=("flood",))
        with self.assertRaises(ConfigurationError):
            random_faults(1, duration_ms=1000, symbols=[])
