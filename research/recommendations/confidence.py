"""How far recommendations of a kind can be trusted, by what became of those that were followed."""

from collections.abc import Iterable

import msgspec

from research.recommendations.change import KINDS
from runs.store.store_rows import Recommendation

PRIOR = 2.0
"""Outcomes that the evidence of a recommendation weighs as much as."""


class KindRecord(msgspec.Struct, frozen=True):
    """What became of the recommendations of a kind that were followed: ``held`` earned more than without, ``failed``
    did not."""

    kind: str
    held: int = 0
    failed: int = 0

    def confidence(self, probability: float) -> float:
        """Return the probability that a recommendation of the kind holds.

        The mean of Beta(2 p + held, 2 (1 − p) + failed), p its probability by the evidence alone: without an outcome
        it is p, and the more outcomes there are, the more it is the share of those that held.
        """
        return (PRIOR * probability + self.held) / (PRIOR + self.held + self.failed)

    @property
    def text(self) -> str:
        """It as a line."""
        return f"{self.held} held, {self.failed} did not"


def kind_records(rows: Iterable[Recommendation]) -> dict[str, KindRecord]:
    """Return the record of every kind, counted from the recommendations that have an outcome."""
    found = {kind: [0, 0] for kind in KINDS}
    for one in rows:
        if one.outcome is not None and one.kind in found:
            found[one.kind][0 if one.outcome["held"] else 1] += 1
    return {kind: KindRecord(kind, *counts) for kind, counts in found.items()}
