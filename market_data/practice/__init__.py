"""The practice market: a seeded synthetic exchange that needs no network."""
