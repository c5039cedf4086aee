"""Figures by name among the metrics of a run, whoever made them."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from core.settings_problem import did_you_mean
from metrics.run_metrics import ALIASES, FIGURE_NAMES, full_name
from systems.life_cycle.judgement import Figure

PARITY = "parity"
PARITY_WORDS = ("exact", "different", "unchecked")


@functools.cache
def figure_names() -> frozenset[str]:
    """Return every name that a figure of a run goes by."""
    return FIGURE_NAMES | {PARITY}


def figure_in(metrics: Mapping[str, Any], name: str, source: str = "") -> Figure:
    """Return what metrics say of a figure.

    It is found by its place among them, by any other of its names, and by its bare name in one of their groups.

    Parameters
    ----------
    metrics
        Plain values, in groups or not.
    name
        The figure's.
    source
        Where the metrics are from.
    """
    for path in _paths(name, metrics):
        value, found = _at(metrics, path)
        if found and not isinstance(value, Mapping | list):
            reasons = metrics.get("undefined")
            why = reasons.get(path) if isinstance(reasons, Mapping) else None
            return Figure(value, source, str(why) if why is not None else "undefined" if value is None else "")
    there = {key for key in metrics if key != "undefined"} | figure_names()
    return Figure(None, source, f"there is no figure {name}{did_you_mean(name, there)}")


def _paths(name: str, metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a figure may stand: at its own name, at its full one, and at any of its bare ones in any group."""
    yield name
    try:
        full = full_name(name)
    except KeyError:
        full = name
    yield full
    bare = dict.fromkeys([name, full.rpartition(".")[2], *(one for one in ALIASES if ALIASES[one] == full)])
    groups = ["", *(f"{key}." for key, value in metrics.items() if isinstance(value, Mapping) and key != "undefined")]
    yield from (f"{group}{one}" for one in bare if "." not in one for group in groups)


def _at(metrics: Mapping[str, Any], path: str) -> tuple[Any, bool]:
    """Return what stands at a dotted path, and whether anything does."""
    if path in metrics:
        return metrics[path], True
    head, dot, rest = path.partition(".")
    inner = metrics.get(head)
    return _at(inner, rest) if dot and isinstance(inner, Mapping) else (None, False)
