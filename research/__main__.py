"""``python -m research``: searches, walk-forward, luck, Monte Carlo, portfolios, and what all of it recommends."""

import sys
from collections.abc import Sequence

from core.command_line import exit_code_of, run_verb

VERBS = {
    "optimise": ("optimising", "search the parameters of a system"),
    "show": ("study_showing", "show a study, or list all"),
    "report": ("reporting", "write the page of a study"),
    "luck": ("luck_showing", "say how much of a run is luck, beside all that was tried on its candles"),
    "monte-carlo": ("monte_carlo_showing", "draw a run again: what else could have come of it"),
    "walk-forward": ("walking_forward", "search fold by fold, and trade the best of each in what follows"),
    "portfolio": ("portfolio_running", "run several systems on one account, show what one came to, or list all"),
    "cross-validate": ("cross_validating", "search in all ways to leave groups of the past out, and try them there"),
    "recommend": ("recommendation_making", "say what all studies and runs speak for, out of sample"),
    "recommendations": ("recommendation_listing", "show what was recommended, or list all"),
    "accept": ("accepting", "write the version of the system that a recommendation asks for"),
    "reject": ("rejecting", "say no to a recommendation"),
    "review": ("recommendation_reviewing", "compare what was expected with what came of it"),
    "worker": ("working", "do the jobs that were submitted, one after the other"),
    "cluster": ("cluster_starting", "start the scheduler of a cluster, or workers for one"),
}
"""The verbs: the module of ``research.commands`` that has each, and what it does."""

DESCRIPTION = "Search the parameters of systems, and keep a record of all that was tried."
EPILOG = """\
examples:
  python -m research optimise --system practice-scalping --window january --sampler tpe --trials 100
      what the optimise section of its file varies
  python -m research optimise --system practice-scalping --param ema_fast=5..20 --param rsi_period=14,20,25,30 \\
      --condition "ema_fast < ema_slow" --sampler grid --metric composite
  python -m research optimise --resume latest
      go on with a study that was interrupted
  python -m research show latest
  python -m research report latest --out study.html
  python -m research luck latest --permutations 200 --noise 50
  python -m research monte-carlo latest --paths 10000
  python -m research walk-forward --system practice-scalping --window out_of_sample --train 40d --test 10d --purge 1d
  python -m research walk-forward --resume latest
  python -m research portfolio practice-pair --window quarter
  python -m research cross-validate --system practice-scalping --groups 6 --test-groups 2 --sampler random --trials 50
  python -m research recommend --system practice-scalping --confirm
  python -m research accept 1
  python -m research review
  python -m research optimise --system practice-scalping --detach; python -m research worker --until-empty

exit codes: 0 done, 1 all trials failed or a file cannot be used, 2 bad arguments, 3 data not available, 4 a trial is
another when it is run again, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    return exit_code_of(lambda: run_verb("research", VERBS, given, description=DESCRIPTION, epilog=EPILOG))


if __name__ == "__main__":
    sys.exit(main())
