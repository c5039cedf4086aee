"""A folder with the three configuration files, for tests that change one thing in them."""

import json
from collections.abc import Mapping
from pathlib import Path

RICH_LIVE: dict[str, object] = {
    "exchange": "practice",
    "symbols": ["BTC/USDT:USDT", "ETHUSDT", "sol-usdt"],
    "timeframe": "1h",
    "detail_interval": "5m",
    "execution": {
        "starting_balance": 2500,
        "slippage": 0.0002,
        "allow_shorting": False,
        "entry_order": "limit",
        "entry_offset": 0.002,
        "entry_expiry": 6,
        "post_only": True,
        "max_entries": 3,
        "on_opposite_signal": "reverse",
        "max_order_wait": 2,
        "max_gap": 7,
        "latency_ms": 60_000,
        "exits": {
            "ladder": [{"fraction": 0.5, "distance": 1}, {"fraction": 0.3, "distance": 2.5}],
            "break_even_after": 2,
            "max_holding": 48,
        },
        "intrabar": "detail",
        "limit_fill": "probability",
        "limit_fill_probability": 0.3,
        "limit_fill_seed": 7,
        "volume_cap": 0.1,
        "spread": {"model": "corwin_schultz", "fraction": 0.0004, "candles": 30},
        "slippage_model": {"model": "square_root", "coefficient": 0.5, "candles": 30},
        "commission": {
            "maker": -0.0001,
            "taker": 0.0004,
            "tiers": [{"volume": 1e6, "maker": 0, "taker": 0.0003}, {"volume": 5e6, "maker": -0.0002, "taker": 0}],
        },
        "perpetual": {
            "leverage": 3,
            "leverages": {"sol/usdt": 2, "BTCUSDT": 5.0},
            "tiers": [
                {"notional_cap": 50_000, "maintenance_rate": 0.004},
                {"notional_cap": 250_000, "maintenance_rate": 0.005, "maintenance_amount": 50, "max_leverage": 100},
            ],
            "liquidation_fee": 0.0125,
            "missing_funding": "warning",
            "stop_trigger": "mark",
        },
    },
}
"""A live.yaml in which nearly every key of the venue has another value than its default."""
CAPPED: dict[str, object] = {"max_exposure": 0.05}
RICH_RISK: dict[str, object] = {"max_exposure": 2, "enable_trailing_stop": True, "trailing_stop_atr": 3}
RICH_MODE: dict[str, object] = {"max_exposure_pct": 4.5}


def write_config(
    base: Path,
    live: Mapping[str, object] | str | bytes | None = None,
    risk: Mapping[str, object] | str | bytes | None = None,
    mode: Mapping[str, object] | str | bytes | None = None,
) -> Path:
    """Write ``config/`` below a folder and return its live.yaml.

    A mapping is written as JSON, which is YAML too; text and bytes as they are; None gives the smallest valid file, of
    the risk settings one with the cap that is shipped.
    """
    folder = base / "config"
    folder.mkdir(parents=True, exist_ok=True)
    smallest: dict[str, object] = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"]}
    _write(folder / "live.yaml", smallest if live is None else live)
    _write(folder / "risk.json", CAPPED if risk is None else risk)
    _write(folder / "trading_mode.yaml", {} if mode is None else mode)
    return folder / "live.yaml"


def _write(path: Path, content: Mapping[str, object] | str | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
