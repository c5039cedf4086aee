"""Positions, the exact ledger, margin, funding, and what is written of them."""
