"""The nodes of the common work: as plain as a node can be."""

from tenuto.sdk import node


@node("bench.add_one")
async def add_one(value: int) -> int:
    """Add one."""
    return value + 1


@node("bench.sum")
async def total(values: list[int]) -> int:
    """Add up."""
    return sum(values)
