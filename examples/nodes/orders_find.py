"""What is known of an order."""

from typing import TypedDict

from tenuto.sdk import NodeError, node


class Order(TypedDict):
    paid: float
    status: str


ORDERS: dict[str, Order] = {
    "A-17": {"paid": 12.5, "status": "lost on its way"},
    "A-18": {"paid": 30.0, "status": "delivered"},
}


@node("orders.find")
async def find(order: str) -> Order:
    """Look an order up: what was paid, and where it is."""
    if order not in ORDERS:
        raise NodeError(f"there is no order {order}", type="input", retry=False)
    return ORDERS[order]
