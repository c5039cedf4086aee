"""Names of the files in a run's folder. A live session's has result and curve when it has ended; a backtest's has no
journal, and its trade log lies beside the folder."""

TRADES = "trades.csv"
EQUITY = "equity.csv"
DECISIONS = "decisions.jsonl"
ORDERS = "orders.csv"
LEDGER = "ledger.csv"
DERIVED = (TRADES, EQUITY, DECISIONS, ORDERS, LEDGER)
"""What a session writes, in the order in which ``SessionOutputs`` takes their sinks."""

CURVE = "equity.npy"
STEPS = "steps.npy"
"""The time of every value of the curve."""
MANIFEST = "manifest.json"
RESULT = "result.json"
JOURNAL = "journal.jsonl"

RUNS = "runs"
"""Folder of the runs of one stem, each in a folder named by its id."""
