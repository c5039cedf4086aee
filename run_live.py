"""Live paper trading: ``python run_live.py --help`` describes the command."""

import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.composed_settings import Settings


def main() -> int:
    """Run the command; until the session takes signals itself, SIGTERM ends it like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from live.life.live_command import main as run

        return run(readers={"portfolio": _portfolio, "system": _system})
    except KeyboardInterrupt:
        print("error: interrupted before the session ran", file=sys.stderr)
        return 130


def _portfolio(name: str, systems: str, data_dir: str | None) -> "Settings":
    """Return the settings by which the candles of a portfolio come in."""
    from systems.places import Places
    from systems.portfolio_file import read_portfolio

    return read_portfolio(name, Places(systems, data_dir=data_dir)).settings.feed()


def _system(name: str, systems: str, data_dir: str | None) -> "Settings":
    """Return the settings of a system."""
    from systems.catalogue import read_system
    from systems.life_cycle.system_runners import placed
    from systems.places import Places

    return placed(read_system(name, systems).settings, Places(systems, data_dir=data_dir))


if __name__ == "__main__":
    sys.exit(main())
