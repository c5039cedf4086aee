"""Research on systems: the search for parameters, its record, and what it is worth."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.folds.cross_validation import begin_cross_validation, cross_validate, resume_cross_validation
    from research.folds.validation_rows import read_cross_validation
    from research.folds.walk_forward import begin_walk_forward, read_walk_forward, resume_walk_forward, walk_forward
    from research.portfolio.portfolio_backtest import backtest_portfolio, read_portfolio_run
    from research.recommendations.deciding import accept, reject
    from research.recommendations.recommending import recommend
    from research.recommendations.reviewing import review
    from research.studies.search import begin, optimise, read_study, resume
    from research.studies.study import Study

__all__ = [
    "Study",
    "accept",
    "backtest_portfolio",
    "begin",
    "begin_cross_validation",
    "begin_walk_forward",
    "cross_validate",
    "optimise",
    "read_cross_validation",
    "read_portfolio_run",
    "read_study",
    "read_walk_forward",
    "recommend",
    "reject",
    "resume",
    "resume_cross_validation",
    "resume_walk_forward",
    "review",
    "walk_forward",
]

_HOMES = {
    "research.folds.cross_validation": "begin_cross_validation cross_validate resume_cross_validation",
    "research.folds.validation_rows": "read_cross_validation",
    "research.folds.walk_forward": "begin_walk_forward read_walk_forward resume_walk_forward walk_forward",
    "research.portfolio.portfolio_backtest": "backtest_portfolio read_portfolio_run",
    "research.recommendations.deciding": "accept reject",
    "research.recommendations.recommending": "recommend",
    "research.recommendations.reviewing": "review",
    "research.studies.search": "begin optimise read_study resume",
    "research.studies.study": "Study",
}

__getattr__ = lazy_names(__name__, _HOMES)
