"""What things cost, added up: `usd`, and `tokens`, which are counted and so are whole numbers wherever they are shown."""

from collections.abc import Mapping


def spend(total: dict[str, float], usage: Mapping[str, float] | None) -> None:
    """Add it to the total."""
    for unit, amount in (usage or {}).items():
        total[unit] = counted(unit, total.get(unit, 0) + amount)


def counted(unit: str, amount: float) -> float:
    return amount if unit == "usd" or amount != int(amount) else int(amount)
