"""The candles that are measured on: recorded ones beside the checkout, else those of the practice market."""

import contextlib
import io
from pathlib import Path

from market_data.__main__ import main as market_data

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "candles"
TWO_MONTHS = [f"binance/{name}-USDT/1m.csv.gz" for name in ("BTC", "ETH", "SUI", "TAO")]
PERPETUALS = [
    f"binance-perp/{name}-USDT/{kind}.csv.gz"
    for name in ("BTC", "ETH", "SOL", "LAYER")
    for kind in ("1m", "funding", "mark-8h")
]
TWO_YEARS = "binance@2017-2019/BTC-USDT/1m.csv.gz"


def import_recorded(store: Path, exchange: str, *files: str) -> None:
    """Import recorded files into a store, without printing."""
    arguments = ["import", "--exchange", exchange, "--data-dir", str(store), *(str(RECORDED / file) for file in files)]
    with contextlib.redirect_stdout(io.StringIO()):
        if market_data(arguments) != 0:
            raise SystemExit(f"import of {files} failed")


def configuration(folder: Path, exchange: str, symbols: list[str]) -> Path:
    """Write a one-minute configuration with the project's own risk settings and trading mode."""
    source = Path(__file__).resolve().parents[1]
    text = (source / "examples" / "binance-1m.yaml").read_text(encoding="utf-8")
    text = text.replace("exchange: binance", f"exchange: {exchange}")
    text = text.replace("symbols: [BTCUSDT, ETHUSDT, SUIUSDT, TAOUSDT]", f"symbols: [{', '.join(symbols)}]")
    config = folder / "live.yaml"
    config.write_text(text.replace("config/risk.json", str(source / "config" / "risk.json")), encoding="utf-8")
    mode = (source / "config" / "trading_mode.yaml").read_text(encoding="utf-8")
    (folder / "trading_mode.yaml").write_text(mode, encoding="utf-8")
    return config
