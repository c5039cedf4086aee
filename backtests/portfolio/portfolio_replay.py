"""Replays the journal of a portfolio's session into a folder: what its members and the whole wrote."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from backtests.proof.session_head import SessionHead
from core.errors import ParityError, StrategyError
from engine.fold import PortfolioFold
from engine.journal_records import CommandRecord, StepRecord
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.renderer import SessionOutputs, Sink
from runs.folder.file_names import DERIVED, REBALANCES
from validation.portfolio_settings import PortfolioFeed

REPLAY = "replay.json"


class PortfolioReplay(msgspec.Struct):
    """How far a replay came; ``broken`` names what stopped it, ``failed`` the failure of a strategy in the last step.

    ``commands`` counts what an operator asked for, ``kill_switch`` is as it stood at the start, ``last_line`` is the
    last one of the journal that was read.
    """

    steps: int = 0
    first_step_ms: int | None = None
    last_step_ms: int | None = None
    end: Literal["flatten", "keep"] | None = None
    commands: int = 0
    missed: int = 0
    kill_switch: bool = False
    broken: str | None = None
    failed: str | None = None
    last_line: int = 0


_decode = msgspec.json.Decoder(PortfolioReplay).decode
"""Made before there are threads: docs/developing.md says why."""


def files_of(settings: PortfolioFeed) -> list[str]:
    """Return the names of all that a portfolio's session writes, members' with their folder."""
    return [REBALANCES, *(f"{name}/{file}" for name in settings.portfolio.members for file in DERIVED)]


def replay_portfolio(head: SessionHead, settings: PortfolioFeed, out: Path) -> PortfolioReplay:
    """Fold a journal anew, write what it gives into a folder, and say how far it came."""
    replay = PortfolioReplay(kill_switch=head.record.kill_switch)
    with _outputs_in(out, settings) as outputs, contextlib.ExitStack() as ended:
        try:
            fold = PortfolioFold(head.record, settings.portfolio, outputs)
            ended.callback(fold.session.close)
            fold.recall(line.record for line in head.lines())
            for line in head.lines():
                record = line.record
                replay.last_line = line.number
                if isinstance(record, StepRecord):
                    replay.steps += 1
                    replay.first_step_ms = replay.first_step_ms or record.time_ms
                    replay.last_step_ms = record.time_ms
                    replay.missed += record.missed
                elif isinstance(record, CommandRecord):
                    replay.commands += 1
                fold.apply(record)
                replay.end = None if fold.ended is None else fold.ended.mode
        except ParityError as error:
            replay.broken = str(error)
        except StrategyError as error:
            replay.failed = str(error)
    (out / REPLAY).write_bytes(msgspec.json.encode(replay))
    return replay


def read_replay(out: Path) -> PortfolioReplay:
    """Return what :func:`replay_portfolio` left in a folder."""
    return _decode((out / REPLAY).read_bytes())


@contextlib.contextmanager
def _outputs_in(out: Path, settings: PortfolioFeed) -> Iterator[PortfolioOutputs]:
    with contextlib.ExitStack() as opened:

        def sink(name: str) -> Sink:
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            return opened.enter_context(path.open("wb")).write

        members = {
            name: SessionOutputs(*(sink(f"{name}/{file}") for file in DERIVED)) for name in settings.portfolio.members
        }
        outputs = PortfolioOutputs(members, sink(REBALANCES))
        yield outputs
        outputs.flush()
