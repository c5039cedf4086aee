"""Prints what every indicator makes of the practice market, so that two processes can be compared."""

import hashlib

from tests.support.indicator_examples import EXAMPLES, bits
from tests.support.market_data_sets import practice_columns


def digests() -> list[str]:
    """Return a line an output: its name and the hash of its column."""
    columns = practice_columns("ETH/USDT", "15m", 1_500)
    return [
        f"{name} {output} {hashlib.sha256(bits(column)).hexdigest()}"
        for name, make in EXAMPLES.items()
        for output, column in make(14, 9, 5).columns(columns).items()
    ]


if __name__ == "__main__":
    print("\n".join(digests()))
