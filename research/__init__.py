"""Research on systems: the search for parameters, its record, and what it is worth."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.folds.cross_validation import cross_validate
    from research.folds.walk_forward import read_walk_forward, resume_walk_forward, walk_forward
    from research.portfolio.portfolio_backtest import backtest_portfolio, read_portfolio_run
    from research.studies.search import begin, optimise, read_study, resume
    from research.studies.study import Study

__all__ = [
    "Study",
    "backtest_portfolio",
    "begin",
    "cross_validate",
    "optimise",
    "read_portfolio_run",
    "read_study",
    "read_walk_forward",
    "resume",
    "resume_walk_forward",
    "walk_forward",
]

_HOMES = {
    "research.folds.cross_validation": "cross_validate",
    "research.folds.walk_forward": "read_walk_forward resume_walk_forward walk_forward",
    "research.portfolio.portfolio_backtest": "backtest_portfolio read_portfolio_run",
    "research.studies.search": "begin optimise read_study resume",
    "research.studies.study": "Study",
}

__getattr__ = lazy_names(__name__, _HOMES)
