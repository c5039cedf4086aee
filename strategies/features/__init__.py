"""Feature strategies: declared indicators, and a decision that reads them by name."""
