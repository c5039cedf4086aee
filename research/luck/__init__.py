"""How much of a result is luck: statistics of the best of many trials, and runs on changed entries and prices."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.luck.expected_best import SharpesTried, beaten_by_chance, deflated_sharpe, expected_best_sharpe
    from research.luck.luck_report import luck_blocks, luck_of_run, luck_of_sample
    from research.luck.noisy_prices import price_noise
    from research.luck.overfitting import backtest_overfitting
    from research.luck.permuted_entries import entry_permutation
    from research.luck.reality_check import superior_ability
    from research.luck.sharpe_statistics import (
        SharpeSample,
        minimum_track_record,
        probabilistic_sharpe,
        sharpe_sample,
    )
    from research.luck.stability import parameter_stability
    from research.luck.stored_base import plan_of_run
    from research.luck.trial_returns import returns_of_trials

__all__ = [
    "SharpeSample",
    "SharpesTried",
    "backtest_overfitting",
    "beaten_by_chance",
    "deflated_sharpe",
    "entry_permutation",
    "expected_best_sharpe",
    "luck_blocks",
    "luck_of_run",
    "luck_of_sample",
    "minimum_track_record",
    "parameter_stability",
    "plan_of_run",
    "price_noise",
    "probabilistic_sharpe",
    "returns_of_trials",
    "sharpe_sample",
    "superior_ability",
]

# No module may bear the name of something listed here: importing it would put the module in the name's place.
_HOMES = {
    "research.luck.expected_best": "SharpesTried beaten_by_chance deflated_sharpe expected_best_sharpe",
    "research.luck.luck_report": "luck_blocks luck_of_run luck_of_sample",
    "research.luck.noisy_prices": "price_noise",
    "research.luck.overfitting": "backtest_overfitting",
    "research.luck.permuted_entries": "entry_permutation",
    "research.luck.reality_check": "superior_ability",
    "research.luck.sharpe_statistics": "SharpeSample minimum_track_record probabilistic_sharpe sharpe_sample",
    "research.luck.stability": "parameter_stability",
    "research.luck.stored_base": "plan_of_run",
    "research.luck.trial_returns": "returns_of_trials",
}

__getattr__ = lazy_names(__name__, _HOMES)
