"""The order log: one row for every transition of every order."""

from decimal import Decimal

from core.exact import plain
from core.instants import format_ms
from execution.money.hashed_text import HashedText, Sink, quoted
from execution.orders.order import Order

ORDER_COLUMNS = (
    "timestamp",
    "order_id",
    "client_order_id",
    "symbol",
    "side",
    "order_type",
    "time_in_force",
    "event",
    "status",
    "quantity",
    "filled_quantity",
    "price",
    "stop_price",
    "last_quantity",
    "last_price",
    "reason",
)


class OrderLog(HashedText):
    """Writes ``orders.csv`` to a sink and keeps its running hash, header included."""

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(sink)
        self.append(",".join(ORDER_COLUMNS) + "\n")

    def write(
        self,
        order: Order,
        time_ms: int,
        event: str,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Append a transition; ``quantity`` and ``price`` are those of its fill, if it is one."""
        self.append(
            f"{format_ms(time_ms)},{order.order_id or ''},{quoted(order.client_order_id)},{quoted(order.symbol)},"
            f"{'BUY' if order.sign > 0 else 'SELL'},{order.order_type.value},{order.time_in_force.value},{event},"
            f"{order.status.value},{plain(order.quantity)},{plain(order.filled)},{_text(order.price)},"
            f"{_text(order.stop_price)},{_text(quantity)},{_text(price)},{order.reason}\n"
        )


def _text(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
