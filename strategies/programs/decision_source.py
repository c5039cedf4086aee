"""Where the decisions of a session come from: a program in its sandbox, answers on record, or a caller's own object."""

from typing import Protocol

from strategies.programs.sandbox.sandbox import CallAnswer, CallInput


class DecisionSource(Protocol):
    """Is asked once for each trigger, in order, and answers with plain data that the session judges.

    A :class:`~strategies.programs.sandbox.sandbox.Sandbox` is one, and
    :class:`~strategies.programs.recorded_decisions.RecordedDecisions` another. A session is repeatable as far as its
    source is: of one that asks somebody outside, :class:`~strategies.programs.recorded_decisions.RecordingSource` keeps
    the answers, and these are run instead from then on.
    """

    def call(self, given: CallInput) -> CallAnswer:
        """Answer one trigger; what goes wrong is a problem in the answer, and nothing is raised."""
        ...

    def close(self) -> None:
        """Take no more; closing twice is closing once."""
        ...
