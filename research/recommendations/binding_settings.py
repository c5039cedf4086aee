"""Settings that bind: what refused entries, or set their size, in runs out of sample, and what would let more pass."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import HarnessError
from research.recommendations.change import Claim, short
from research.recommendations.system_now import SystemNow
from research.recommendations.unsearched_runs import UnsearchedRun
from research.spaces.parameter import value_text
from runs.reading.run_folder import read_run

LEAST_SHARE = 0.02
"""Share of a system's signals that a setting has to refuse, or whose size it has to set, to be looked at."""


class Loosened(NamedTuple):
    """A setting by its dotted key, and the next looser value of it."""

    key: str
    looser: Callable[[Any], Any]


def _half_more(value: Any) -> float:
    return float(f"{1.5 * value:.6g}")


def _some_more(value: Any) -> int:
    return int(value) + max(1, int(value) // 2)


def _half(value: Any) -> float:
    return float(f"{0.5 * value:.6g}")


_EXPOSURE = Loosened("trading_mode.max_exposure_pct", _half_more)
REFUSALS = {
    "max_open_trades": Loosened("trading_mode.max_open_trades", _some_more),
    "max_exposure": _EXPOSURE,
    "no_exposure_room": _EXPOSURE,
    "max_risk_per_trade": Loosened("trading_mode.max_risk_per_trade_pct", _half_more),
    "halted_daily_loss": Loosened("trading_mode.max_daily_loss_pct", _half_more),
    "halted_drawdown": Loosened("trading_mode.max_drawdown_pct", _half_more),
    "below_min_position_size": Loosened("risk.min_position_size_usd", _half),
    "opposite_ignored": Loosened("execution.on_opposite_signal", lambda _: "close"),
}
"""By the reason for which an entry is refused, the setting that refuses it."""
SIZES = {"position_cap": Loosened("risk.max_exposure", _half_more), "exposure_room": _EXPOSURE}
"""By what set the size of an entry, the setting that did."""


def binding_claims(system: SystemNow, runs: Sequence[UnsearchedRun]) -> list[Claim]:
    """Return for each setting that binds the claim that the next looser value does better.

    That it binds says nothing of whether what it kept out was good: the claim is tested like any other, on studies that
    varied the setting or on runs that are made for it.
    """
    signals = 0
    bound: Counter[Loosened] = Counter()
    for one in runs:
        try:
            counted = read_run(Path(one.row.folder)).result.statistics
        except HarnessError:
            continue  # A folder that is damaged or gone; `python -m runs list` says so.
        signals += counted.signals_generated
        for table, counts in ((REFUSALS, counted.refusal_reasons), (SIZES, counted.sizes_bound_by)):
            for reason, count in counts.items():
                if reason in table:
                    bound[table[reason]] += count
    found = []
    for setting, count in bound.most_common():
        now = system.values.get(setting.key)
        if signals and count >= LEAST_SHARE * signals and now is not None:
            looser = setting.looser(now)
            if looser != now and system.settings_with({setting.key: looser}) is not None:
                found.append(_claim(system, setting, now, looser, f"{100.0 * count / signals:.0f} % of its signals"))
    return found


def _claim(system: SystemNow, setting: Loosened, now: Any, looser: Any, share: str) -> Claim:
    return Claim(
        kind="setting",
        system=system.id,
        current={setting.key: now},
        recommended={setting.key: looser},
        because=f"{short(setting.key)} {value_text(now)} refused or bounded {share} out of sample",
    )
