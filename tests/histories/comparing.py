"""What is compared of a heart and its reference evaluator, and how a difference is said."""

from collections.abc import Mapping
from typing import Any

from tenuto.core.commands import CancelNode, Command, RunNode, StartChild
from tenuto.core.events import Fact, ItemDone, NodeFailed, NodeReused, NodeSkipped, NodeSucceeded
from tenuto.testing.driver import Driver

Json = object


def order_of(facts: list[Fact]) -> dict[tuple[str, str], int]:
    """When each node settled and each item ended, as the history has it."""
    order: dict[tuple[str, str], int] = {}
    for place, fact in enumerate(facts):
        if isinstance(fact, NodeSucceeded | NodeFailed | NodeSkipped | NodeReused):
            order.setdefault(("node", fact.path), place)
        elif isinstance(fact, ItemDone):
            order.setdefault(("item", f"{fact.path}[{fact.index}]"), place)
    return order


def recorded(facts: list[Fact]) -> dict[str, tuple[str, str | None]]:
    """What the journal says of each node that settled: the fact, with its port or the type of its error."""
    found: dict[str, tuple[str, str | None]] = {}
    for fact in facts:
        if isinstance(fact, NodeSucceeded | NodeReused):
            found[fact.path] = (fact.type, fact.port)
        elif isinstance(fact, NodeFailed) and fact.error["type"] != "cancelled":
            found[fact.path] = (fact.type, str(fact.error["type"]))
        elif isinstance(fact, NodeSkipped):
            found[fact.path] = (fact.type, None)
    return found


def outstanding(driver: Driver) -> set[tuple[str, str, int]]:
    names: dict[type, str] = {RunNode: "run", StartChild: "call", CancelNode: "cancel"}
    return {
        (names[type(command)], command.path, command.attempt)
        for command in driver.due
        if isinstance(command, RunNode | StartChild | CancelNode)
    }


def difference(what: str, mine: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> str:
    """Only what differs: heart on the left, reference on the right."""
    keys = [key for key in {**mine, **theirs} if mine.get(key, "-") != theirs.get(key, "-")]
    return f"{what} differ (heart, reference): " + ", ".join(
        f"{key}: {mine.get(key, '-')} / {theirs.get(key, '-')}" for key in sorted(keys, key=str)
    )


def by_path(commands: list[Command]) -> dict[tuple[str, str], Command]:
    return {(type(command).__name__, getattr(command, "path", "")): command for command in commands}


def unworded(value: Json) -> Json:
    """Without the messages of errors: their words are the heart's own."""
    if isinstance(value, dict):
        return {key: unworded(member) for key, member in value.items() if key != "message"}
    return [unworded(member) for member in value] if isinstance(value, list) else value


def parted(mine: Json, theirs: Json, where: str = "") -> list[str]:
    """Where two JSON values part."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        keys = [*mine, *(key for key in theirs if key not in mine)]
        return [line for key in keys for line in parted(mine.get(key, "-"), theirs.get(key, "-"), f"{where}.{key}")]
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        pairs = enumerate(zip(mine, theirs, strict=True))
        return [line for place, (a, b) in pairs for line in parted(a, b, f"{where}[{place}]")]
    return [] if mine == theirs else [f"{where}: {mine} / {theirs}"]
