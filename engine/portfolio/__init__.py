"""Several sessions on one account: sub-accounts, limits in all, cash that moves between them."""
