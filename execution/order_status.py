"""States of an order, in the words of FIX."""

import enum


class OrderStatus(enum.Enum):
    """NEW is accepted and waiting; the others are final."""

    NEW = "NEW"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
