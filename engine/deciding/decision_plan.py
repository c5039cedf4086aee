"""What a signal asks of a symbol's position and waiting entry: a table, without any deed."""

from typing import NamedTuple

import msgspec

from core.orders import OrderSide
from core.reasons import PositionRefusal
from core.verdicts import OnOpposite


class Held(NamedTuple):
    """The position of the signal's symbol; ``closing`` says that a close of it waits."""

    side: OrderSide
    closing: bool = False


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """Do not enter; ``withdraws`` says that the waiting entry is cancelled all the same."""

    reason: PositionRefusal
    withdraws: bool = False


class Enter(msgspec.Struct, frozen=True, gc=False):
    """Open a position; ``withdraws`` says that the waiting entry is cancelled first, here and below."""

    withdraws: bool = False


class Add(msgspec.Struct, frozen=True, gc=False):
    """Add to the position."""

    withdraws: bool = False


class Close(msgspec.Struct, frozen=True, gc=False):
    """Close the position and no more."""

    withdraws: bool = False


class Reverse(msgspec.Struct, frozen=True, gc=False):
    """Close the position and enter on the other side."""

    withdraws: bool = False


class Withdraw(msgspec.Struct, frozen=True, gc=False):
    """Cancel the waiting entry and no more."""

    withdraws: bool = True


Plan = Refuse | Enter | Add | Close | Reverse | Withdraw


def plan(held: Held | None, waiting: OrderSide | None, side: OrderSide, policy: OnOpposite, *, may_add: bool) -> Plan:
    """Return what a signal of a side asks for.

    Parameters
    ----------
    held, waiting
        The symbol's position, and the side of its waiting entry, if any.
    policy
        What an opposite signal does (``on_opposite_signal``).
    may_add
        Whether a signal in the position's direction may add to it.
    """
    if held is None:
        return _without_position(waiting, side, policy)
    if held.side is not side:
        return _against(held, waiting, side, policy)
    # An entry against the position was to follow a close that is still under way.
    withdraws = waiting is side.opposite and policy != "ignore"
    if not may_add:
        return Refuse("position_open", withdraws)
    if held.closing:
        return Refuse("close_waiting", withdraws)
    if waiting is not None and not withdraws:
        return Refuse("entry_waiting")
    return Add(withdraws)


def _without_position(waiting: OrderSide | None, side: OrderSide, policy: OnOpposite) -> Plan:
    if waiting is None:
        return Enter()
    if waiting is side or policy == "ignore":
        return Refuse("entry_waiting")
    return Withdraw() if policy == "close" else Enter(withdraws=True)


def _against(held: Held, waiting: OrderSide | None, side: OrderSide, policy: OnOpposite) -> Plan:
    if policy == "ignore":
        return Refuse("opposite_ignored")
    if held.closing:
        return Refuse("close_waiting")
    if waiting is side:
        return Refuse("entry_waiting")
    withdraws = waiting is not None
    return Close(withdraws) if policy == "close" else Reverse(withdraws)
