"""Programs in the kernel, over candles of the practice market; the test may answer in the program's place."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.candle import Candle
from core.timeframe import timeframe_ms as length_of
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from strategies.features.feature_strategy import FeatureStrategy
from strategies.known_candles import CandlesAhead
from strategies.programs.program_strategy import ProgramStrategy
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_sandbox import ProgramSandbox
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from tests.support.candles import columns_of
from tests.support.runs.kernel_runs import FundingRates, InterestRows, KernelRun, settings_from, steps_of

BTC, ETH = "BTC/USDT", "ETH/USDT"
OF_15_MINUTES = 15 * 60_000

Answer = Callable[[CallInput], object]
"""What a program decides of what it is given, as plain data, or the problem that its call has."""


class AnsweringSandbox:
    """Answers in the place of a program, in this process, and keeps what each call was given."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.given: list[CallInput] = []
        self.limits: list[ProgramLimits] = []
        self.open = 0

    def __call__(self, text: ProgramText, limits: ProgramLimits) -> "AnsweringSandbox":
        self.limits.append(limits)
        self.open += 1
        return self

    def call(self, given: CallInput) -> CallAnswer:
        """Answer a call; what it is given is copied, as what crosses into a worker is."""
        kept = CallInput(
            *(json.loads(json.dumps(one)) for one in (given.market, given.account, given.trigger, given.memory)),
            serve=given.serve,
        )
        self.given.append(kept)
        answered = self.answer(
            CallInput(kept.market, kept.account, kept.trigger, copy.deepcopy(kept.memory), given.serve)
        )
        if isinstance(answered, ProgramProblem):
            return CallAnswer(None, given.memory, answered)
        decision, memory = answered if isinstance(answered, tuple) else (answered, given.memory)
        return CallAnswer(decision, memory)

    def close(self) -> None:
        """Note that the worker would be ended."""
        self.open -= 1


def run_strategy(
    strategy: FeatureStrategy,
    candles: Mapping[str, Sequence[Candle]],
    *,
    timeframe: str = "15m",
    start_ms: int | None = None,
    known: bool = False,
    funding: FundingRates | None = None,
    open_interest: InterestRows | None = None,
    **flat: object,
) -> KernelRun:
    """Run a strategy over candles; those that open before ``start_ms`` warm up. ``known`` has them lie ready."""
    symbols = tuple(candles)
    settings, switch = settings_from(flat, symbols, timeframe), KillSwitch(False)
    written = [bytearray() for _ in range(5)]
    ahead = CandlesAhead({symbol: columns_of(candles[symbol]) for symbol in symbols}) if known else None
    session = build_session(
        settings,
        strategy,
        {symbol: PracticeMarket().markets()[symbol] for symbol in symbols},
        SessionOutputs(*(one.extend for one in written)),
        switch,
        build_safety_monitor(settings, switch),
        ahead,
    )
    first_ms = min(rows[0].open_time_ms for rows in candles.values()) if start_ms is None else start_ms
    for place, symbol in enumerate(symbols):
        session.warm_up(place, [one for one in candles[symbol] if one.open_time_ms < first_ms])
    window = {symbol: [one for one in rows if one.open_time_ms >= first_ms] for symbol, rows in candles.items()}
    beside = {"funding": funding, "open_interest": open_interest}
    for step in steps_of(window, symbols, length_of(timeframe), **beside):
        session.process(step)
    session.finish()
    return KernelRun(session, *map(bytes, written))


def program(
    answer: Answer | None = None, text: str = "def decide(market, account, trigger):\n    return None\n", **params: Any
) -> ProgramStrategy:
    """Return a program that an answer stands for, or the text itself."""
    return ProgramStrategy(
        {"code": text, **params}, sandbox=ProgramSandbox if answer is None else AnsweringSandbox(answer)
    )
