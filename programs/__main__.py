"""``python -m programs``: check a program, run it, try expressions, look after the pools that wake it."""

import sys
from collections.abc import Sequence

from core.command_line import exit_code_of, run_verb

VERBS = {
    "check": ("checking", "say what is wrong with a program, and call it once"),
    "run": ("running", "backtest a program: its triggers, its trades, and what it came to"),
    "shell": ("shell", "try expressions against a moment of history"),
    "pools": ("pool_verbs", "list signal pools, show one, test it on history, or keep it in the run store"),
}
"""The verbs: the module of ``programs.commands`` that has each, and what it does."""

DESCRIPTION = "Programs of a user: called at trigger events, run in a sandbox, through the same kernel."
EPILOG = """\
examples:
  python -m programs check examples/programs/rsi_pool.py
  python -m programs run examples/programs/rsi_pool.py --start 2024-01-01 --end 2024-02-01
      a month on the embedded practice market; needs no network
  python -m programs run my.py --pools rsi_oversold,volume_surge --schedule 4h --window 2024-01 --trace
      what wakes it is said here, and every call is shown with what it read
  python -m programs run my.py --config examples/binance-1m.yaml --interval 1h --offline --window 2024-04..2024-05
      recorded candles, never the network
  python -m programs shell --at 2024-01-15T12:00 --symbol BTC/USDT
  echo 'market.get_indicator("BTC/USDT", "rsi(14)")' | python -m programs shell
  python -m programs pools list

times are UTC; an end is exclusive
exit codes: 0 done, 1 check found an error, or the program was halted, 2 bad arguments or configuration, 3 data not
available, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    return exit_code_of(lambda: run_verb("programs", VERBS, given, description=DESCRIPTION, epilog=EPILOG))


if __name__ == "__main__":
    sys.exit(main())
