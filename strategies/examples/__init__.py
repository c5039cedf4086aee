"""Shipped examples of feature strategies: each a lesson, none a promise."""
