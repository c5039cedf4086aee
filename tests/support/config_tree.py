"""A folder with the three configuration files, for tests that change one thing in them."""

import json
from collections.abc import Mapping
from pathlib import Path


def write_config(
    base: Path,
    live: Mapping[str, object] | str | bytes | None = None,
    risk: Mapping[str, object] | str | bytes | None = None,
    mode: Mapping[str, object] | str | bytes | None = None,
) -> Path:
    """Write ``config/`` below a folder and return its live.yaml.

    A mapping is written as JSON, which is YAML too; text and bytes as they are; None gives the smallest valid file.
    """
    folder = base / "config"
    folder.mkdir(parents=True, exist_ok=True)
    smallest: dict[str, object] = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"]}
    _write(folder / "live.yaml", smallest if live is None else live)
    _write(folder / "risk.json", {} if risk is None else risk)
    _write(folder / "trading_mode.yaml", {} if mode is None else mode)
    return folder / "live.yaml"


def _write(path: Path, content: Mapping[str, object] | str | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
