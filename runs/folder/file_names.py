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

NOTES = "notes.json"
"""What a user said of a run: its tags and a note. Nothing of the program changes it but what the user asks for."""

PORTFOLIO = "portfolio.json"
"""What a portfolio came to; the folders of its members lie beside it."""
REBALANCES = "rebalances.csv"

LATEST = "latest"
"""The symbolic link to the folder of a stem's newest whole run."""
RUNS = "runs"
"""Where earlier versions of the program put the folders of a stem's runs."""
