"""What many paths of a run came to, as a document and as words."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import Undefined
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from research.monte_carlo.path_outcomes import QUANTILES
from research.monte_carlo.resampling import WAYS, Way, WayOutcomes, drawn_again
from research.monte_carlo.run_sample import RunSample, sample_of_run
from runs.commands.text_blocks import Facts, Grid, number
from runs.reading.run_folder import StoredRun

USUAL = MonteCarloSettings()
_BREAK_EVEN = "break_even_slippage"


class WayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the paths of one way; money in quote currency, draw-downs in per cent.

    ``final_equity``, ``max_drawdown_pct`` and each of ``bands`` are the quantiles of the document, lowest first;
    ``bands`` are equity after each of ``band_steps`` steps. ``loss_probability`` is how often the account ends below
    its start, ``ruin_probability`` how often it ever fell by the share that is called ruin,
    ``deeper_probability`` how often the draw-down was deeper than the run's own, which is ``actual_drawdown_pct``.
    """

    way: Way
    called: str
    steps: int
    final_equity: tuple[float, ...]
    max_drawdown_pct: tuple[float, ...]
    loss_probability: float
    ruin_probability: float
    deeper_probability: float
    actual_final_equity: float
    actual_drawdown_pct: float
    band_steps: tuple[int, ...]
    bands: tuple[tuple[float, ...], ...]


class MonteCarlo(msgspec.Struct, frozen=True, kw_only=True):
    """A run drawn again in several ways. What is undefined is None or left out of ``ways``; ``undefined`` says why."""

    run_id: str
    starting_equity: float
    settings: MonteCarloSettings
    quantiles: tuple[float, ...]
    block: float | None
    break_even_slippage: float | None
    ways: tuple[WayFigures, ...]
    undefined: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def monte_carlo(run: StoredRun, settings: MonteCarloSettings = USUAL) -> MonteCarlo:
    """Return what a stored run might have come to; StoreError if a file of it cannot be read.

    A result in memory is read with ``result.opened()``.
    """
    return monte_carlo_of_sample(sample_of_run(run), run.run_id, settings)


def monte_carlo_of_sample(sample: RunSample, run_id: str, settings: MonteCarloSettings = USUAL) -> MonteCarlo:
    """Return what a sample of days and trades might have come to."""
    drawn = drawn_again(sample, settings)
    told: list[tuple[str, object]] = [("block", drawn.block), (_BREAK_EVEN, drawn.break_even_slippage)]
    told += drawn.ways.items()
    return MonteCarlo(
        run_id=run_id,
        starting_equity=sample.starting_equity,
        settings=settings,
        quantiles=QUANTILES,
        block=None if isinstance(drawn.block, Undefined) else drawn.block,
        break_even_slippage=None if isinstance(drawn.break_even_slippage, Undefined) else drawn.break_even_slippage,
        ways=tuple(
            _figures(way, one, sample.starting_equity, settings.ruin)
            for way, one in drawn.ways.items()
            if not isinstance(one, Undefined)
        ),
        undefined={name: one.reason for name, one in told if isinstance(one, Undefined)},
    )


def _figures(way: Way, outcomes: WayOutcomes, start: float, ruin: float) -> WayFigures:
    drawn, actual = outcomes
    deepest = float(actual.drawdown[0])
    return WayFigures(
        way=way,
        called=WAYS[way],
        steps=int(drawn.band_steps[-1]),
        final_equity=_quantiles(start * drawn.final),
        max_drawdown_pct=_quantiles(100.0 * drawn.drawdown),
        loss_probability=float(np.mean(drawn.final < 1.0)),
        ruin_probability=float(np.mean(drawn.lowest <= 1.0 - ruin)),
        deeper_probability=float(np.mean(drawn.drawdown > deepest)),
        actual_final_equity=start * float(actual.final[0]),
        actual_drawdown_pct=100.0 * deepest,
        band_steps=tuple(drawn.band_steps.tolist()),
        bands=tuple(map(tuple, (start * drawn.bands).tolist())),
    )


def _quantiles(values: Float64Array) -> tuple[float, ...]:
    return tuple(np.quantile(values, QUANTILES).tolist())


def monte_carlo_blocks(document: MonteCarlo) -> list[Facts | Grid]:
    """Return the document as words and a table."""
    settings = document.settings
    at = [f"{100 * one:g} %" for one in document.quantiles]
    header = ["way", *(f"equity {one}" for one in (at[0], at[2], at[4])), f"draw-down {at[2]}", f"draw-down {at[4]}"]
    rows = [_row(one) for one in document.ways]
    slippage, unless = document.break_even_slippage, f"n/a ({document.undefined.get(_BREAK_EVEN)})"
    facts = [
        ("run", document.run_id),
        ("starting equity", number(document.starting_equity)),
        ("paths", f"{settings.paths:,} each, seed {settings.seed}"),
        ("blocks of days", "n/a" if document.block is None else f"{document.block:.1f} on average"),
        ("trades left out", f"{100 * settings.missed:g} %"),
        ("worse fills", f"up to {100 * settings.slippage:g} % of their value"),
        ("nothing is earned with fills worse by", unless if slippage is None else f"{100 * slippage:.4f} %"),
        *((f"undefined: {name}", reason) for name, reason in document.undefined.items() if name != _BREAK_EVEN),
    ]
    table = Grid([*header, "the run's own", "ends lower", f"ruin (-{100 * settings.ruin:g} %)"], rows, 1)
    return [Facts("", facts), table, Facts("", sentences(document))] if rows else [Facts("", facts)]


def _row(one: WayFigures) -> Sequence[str]:
    equity, down = one.final_equity, one.max_drawdown_pct
    return [
        one.called,
        *(number(equity[place]) for place in (0, 2, 4)),
        *(f"{down[place]:.1f} %" for place in (2, 4)),
        f"{one.actual_drawdown_pct:.1f} %",
        f"{100 * one.loss_probability:.1f} %",
        f"{100 * one.ruin_probability:.1f} %",
    ]


def sentences(document: MonteCarlo) -> list[tuple[str, str]]:
    """Return what each way says, in a sentence of its own, by what it is called."""
    return [
        (
            one.called,
            f"of {document.settings.paths:,} paths {100 * one.deeper_probability:.0f} % fell deeper than the run's own "
            f"{one.actual_drawdown_pct:.1f} %, 5 % of all by more than {one.max_drawdown_pct[-1]:.1f} %, and "
            f"{100 * one.loss_probability:.0f} % ended below the start",
        )
        for one in document.ways
    ]
