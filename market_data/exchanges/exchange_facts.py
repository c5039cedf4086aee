"""``python -m market_data.exchanges.exchange_facts``: write what the installed ccxt knows to the facts file."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import ccxt

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from market_data.exchanges.exchange_names import FACTS_FILE


def facts_from_ccxt() -> tuple[str, dict[str, list[str]]]:
    """Return the version of the installed ccxt and the timeframes of each of its exchanges, sorted by name.

    Exchanges whose candles ccxt only builds from trades are left out, as are those without a timeframe on our grid.
    """
    timeframes: dict[str, list[str]] = {}
    for name in ccxt.exchanges:
        exchange = getattr(ccxt, name)()
        if exchange.has.get("fetchOHLCV") is True and (served := _on_the_grid(exchange.timeframes or {})):
            timeframes[name] = served
    return str(ccxt.__version__), dict(sorted(timeframes.items()))


def write_facts(path: Path = FACTS_FILE) -> int:
    """Write the facts file from the installed ccxt and return the number of exchanges in it."""
    version, timeframes = facts_from_ccxt()
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(served)}" for name, served in timeframes.items())
    text = f'{{\n  "ccxt": {json.dumps(version)},\n  "timeframes": {{\n{rows}\n  }}\n}}\n'
    path.write_text(text, encoding="utf-8")
    return len(timeframes)


def _on_the_grid(timeframes: Mapping[str, object]) -> list[str]:
    lengths: dict[str, int] = {}
    for timeframe in timeframes:
        try:
            lengths[timeframe] = timeframe_ms(timeframe)
        except ConfigurationError:
            continue
    return sorted(lengths, key=lambda timeframe: (lengths[timeframe], timeframe))


if __name__ == "__main__":
    sys.stdout.write(f"{FACTS_FILE.name}: {write_facts()} exchanges\n")
