"""The outputs of a portfolio: those of its members, the equity of the whole, and what moved between them."""

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.exact import plain, received, round_commission
from core.instants import format_ms
from engine.portfolio.rebalancing import Rebalance
from engine.renderer import HashedText, SessionOutputs, Sink

REBALANCE_HEADER = "timestamp,member,basis,weight,equity,target,free_cash,moved,not_moved\n"


class PortfolioOutputs:
    """Everything a portfolio writes. ``rebalances`` has a row for each member of each rebalancing.

    The equity of the whole at every step is no event: ``mark`` takes it.

    Parameters
    ----------
    members
        The outputs of each member, in order.
    rebalances
        Takes the bytes of that table; None keeps only their hash.
    """

    def __init__(self, members: Mapping[str, SessionOutputs], rebalances: Sink | None = None) -> None:
        self.members = dict(members)
        self.rebalances = HashedText(rebalances, REBALANCE_HEADER)
        self._curve = array("d")
        self.mark = self._curve.append

    @property
    def curve(self) -> Sequence[float]:
        """The float64 equity of the whole at every step."""
        return self._curve

    def render(self, rebalance: Rebalance) -> None:
        """Write what moved."""
        time, basis = format_ms(rebalance.time_ms), rebalance.basis
        for one in rebalance.shares:
            money = (one.equity, one.target, one.free, one.moved, one.not_moved)
            amounts = ",".join([_money(amount) for amount in money])
            self.rebalances.append(f"{time},{one.member},{basis},{one.weight!r},{amounts}\n")

    def flush(self) -> None:
        """Hand on whatever was gathered."""
        for outputs in self.members.values():
            outputs.flush()
        self.rebalances.flush()

    def digest(self) -> str:
        """Return the digest of all bytes written so far."""
        digests = [one.digest() for one in self.members.values()]
        return hashlib.sha256("".join([*digests, self.rebalances.sha256]).encode()).hexdigest()


def _money(amount: float | Decimal) -> str:
    return plain(round_commission(amount if isinstance(amount, Decimal) else received(amount)))
