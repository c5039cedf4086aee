"""Backtests of several systems on one account."""
