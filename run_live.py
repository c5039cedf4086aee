"""Live paper trading: ``python run_live.py --help`` describes the command."""

import signal
import sys


def main() -> int:
    """Run the command; until the session takes signals itself, SIGTERM ends it like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from live.life.live_command import main as run

        return run()
    except KeyboardInterrupt:
        print("error: interrupted before the session ran", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
