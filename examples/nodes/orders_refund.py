"""Money that goes back. `effects="once"`: a crash in the middle never pays twice."""

from tenuto.sdk import node


@node("orders.refund", effects="once")
async def refund(order: str, amount: float) -> str:
    """Pay an order back."""
    return f"refunded {amount:.2f} for {order}"
