"""How capital is divided among systems, from what they earned so far: pure functions of daily returns."""
