"""Several systems on one account: run, kept in the store, read again."""
