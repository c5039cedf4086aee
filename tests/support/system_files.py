"""Folders of systems for tests: a small configuration of the practice market, and systems on it."""

import json
from pathlib import Path

from systems.places import Places
from tests.support.config_tree import write_config

LIVE: dict[str, object] = {
    "exchange": "practice",
    "symbols": ["BTC/USDT", "ETH/USDT"],
    "timeframe": "15m",
    "strategy": {"type": "scalping_ema_rsi", "params": {"ema_fast": 5}},
}


def write_system(folder: Path, system_id: str, text: str | None = None, **keys: object) -> Path:
    """Write ``config/systems/<id>.yaml`` below a folder; ``keys`` stand beside an id, a description and a base."""
    path = folder / "config" / "systems" / f"{system_id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {"id": system_id, "description": "For tests", "base": "config/live.yaml", **keys}
    path.write_text(json.dumps(values) if text is None else text, encoding="utf-8")
    return path


def system_places(folder: Path) -> Places:
    """Write the configuration and return where its systems, logs and candles are, all below the folder."""
    write_config(folder, live=LIVE)
    (folder / "config" / "systems").mkdir(exist_ok=True)
    return Places(str(folder / "config" / "systems"), str(folder / "logs"), str(folder / "data"))
