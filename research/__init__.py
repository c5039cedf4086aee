"""Research on systems: the search for parameters, its record, and what it is worth."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.folds.cross_validation import cross_validate
    from research.folds.walk_forward import read_walk_forward, resume_walk_forward, walk_forward
    from research.recommendations.deciding import accept, reject
    from research.recommendations.recommending import recommend
    from research.recommendations.reviewing import review
    from research.studies.search import begin, optimise, read_study, resume
    from research.studies.study import Study

__all__ = [
    "Study",
    "accept",
    "begin",
    "cross_validate",
    "optimise",
    "read_study",
    "read_walk_forward",
    "recommend",
    "reject",
    "resume",
    "resume_walk_forward",
    "review",
    "walk_forward",
]

_HOMES = {
    "research.folds.cross_validation": "cross_validate",
    "research.folds.walk_forward": "read_walk_forward resume_walk_forward walk_forward",
    "research.recommendations.deciding": "accept reject",
    "research.recommendations.recommending": "recommend",
    "research.recommendations.reviewing": "review",
    "research.studies.search": "begin optimise read_study resume",
    "research.studies.study": "Study",
}

__getattr__ = lazy_names(__name__, _HOMES)
