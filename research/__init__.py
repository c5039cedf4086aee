"""Research on systems: the search for parameters, its record, and what it is worth."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.studies.search import begin, optimise, read_study, resume
    from research.studies.study import Study

__all__ = ["Study", "begin", "optimise", "read_study", "resume"]

_HOMES = {
    "research.studies.search": "begin optimise read_study resume",
    "research.studies.study": "Study",
}

__getattr__ = lazy_names(__name__, _HOMES)
