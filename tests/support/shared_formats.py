"""What the layouts beside the repository are, in which people have candles."""

READ_AS = {
    "BTCUSDT-1m-2024-01-01.zip": "Binance archive, no header, milliseconds",
    "BTC_USDT-1m.json": "freqtrade, JSON, milliseconds",
    "binance-archive-without-header-1m.csv": "Binance archive, no header, milliseconds",
    "bybit-startTime-1m.csv": "Bybit, milliseconds",
    "cryptodatadownload-1m.csv": "CryptoDataDownload, milliseconds",
    "jesse-order-1m.csv": "jesse order, milliseconds",
    "kraken-ohlcvt-XBTUSD_1.csv": "Kraken OHLCVT, no header, seconds",
    "metatrader-tab-1m.csv": "MetaTrader, tabs, dates and times, taken as UTC",
    "semicolon-1m.csv": "columns by name, semicolons, decimal commas, milliseconds",
    "tradingview-no-volume-1h.csv": "TradingView, seconds",
}
"""What is said of how each file of ``formats/`` was read; the feather file there is the beginning of one."""
