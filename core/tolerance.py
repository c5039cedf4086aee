"""The one tolerance of limits: a value that only reaches a limit, rounding aside, is allowed.

A limit is broken above limit × tolerance; a minimum is missed by a value that stays below it times the tolerance.
"""

from decimal import Decimal

TOLERANCE = 1.0 + 1e-9
"""For float64."""
EXACT_TOLERANCE = Decimal("1.000000001")
"""For decimals."""
