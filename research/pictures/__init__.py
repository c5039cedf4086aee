"""The page of a study: what was tried, where the good trials lie, how the best came out, and how much of it is luck."""
