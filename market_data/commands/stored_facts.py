"""What is stored, as facts: each series with its holes, and what is known of these."""

from collections.abc import Sequence
from typing import NamedTuple

from core.instants import format_ms
from market_data.quality.candle_quality import Hole
from market_data.quality.series_steps import holes_of, intervals_text
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import uncovered


class Listed(NamedTuple):
    """What is stored of one series; ``interval`` are the intervals of funding rates, empty for everything else."""

    series: Series
    first_ms: int
    last_ms: int
    rows: int
    holes: list[Hole]
    interval: str

    def record(self) -> dict[str, object]:
        """Return the form for scripts."""
        times = {"first": format_ms(self.first_ms), "last": format_ms(self.last_ms), "rows": self.rows}
        holes = {"holes": len(self.holes), "missing": sum(hole.missing for hole in self.holes)}
        interval = {"interval": self.interval} if self.interval else {}
        return {
            **self.series._asdict(),
            **times,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            **holes,
            **interval,
        }


def listed_of(store: CandleStore, series: Series) -> Listed | None:
    """Return what is stored of a series; None where it has no row, StoreError where it cannot be read."""
    times = store.open_times(*series)
    if not len(times):
        return None
    interval = intervals_text(times) if series.kind == "funding" else ""
    return Listed(series, int(times[0]), int(times[-1]), len(times), holes_of(series, times), interval)


class Ground(NamedTuple):
    """What is known of a hole rests on, and whether a source answered all of it."""

    words: str
    known: bool


def grounds_of(store: CandleStore, series: Series, holes: Sequence[Hole]) -> list[Ground]:
    """Return what each hole rests on."""
    record = store.record(*series)
    spans = [(hole.last_before_ms + series.length_ms, hole.first_after_ms) for hole in holes]
    return [Ground(record.ground_of(*span), not uncovered(record.covered, *span)) for span in spans]


def gaps_record(series: Series, rows: int, holes: Sequence[Hole], grounds: Sequence[Ground]) -> dict[str, object]:
    """Return a series with its holes for scripts."""
    return {
        **series._asdict(),
        "rows": rows,
        "missing": sum(hole.missing for hole in holes),
        "holes": [
            {
                "last_before": format_ms(hole.last_before_ms),
                "first_after": format_ms(hole.first_after_ms),
                **hole._asdict(),
                "known": ground.known,
                "rests_on": ground.words,
            }
            for hole, ground in zip(holes, grounds, strict=True)
        ],
    }
