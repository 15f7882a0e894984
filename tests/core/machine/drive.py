"""Short ways to say a flow in a test of the machine."""

from typing import Any

from tenuto.core.commands import CancelNode, RunNode, SetTimer, StartChild
from tenuto.core.flow.library import NodeType
from tenuto.testing.driver import Driver

# Node types of these tests: `work` does anything, `mail` is not repeated, `choose` has two ports.
TYPES = (NodeType("work"), NodeType("mail", effects="once"), NodeType("choose", ports=("left", "right")))


def drive(nodes: dict[str, Any], **keys: Any) -> Driver:
    """A started run of a flow with these nodes; `keys` are the flow's other keys, and `given`, `vars`, … of the run."""
    about = {key: keys.pop(key) for key in ("vars", "origin", "stage", "depth", "key_base") if key in keys}
    given = keys.pop("given", None)
    return Driver({"flow": "example", "nodes": nodes, **keys}, input=given, types=TYPES, **about).start()


def running(driver: Driver) -> list[str]:
    """The paths at which a node or a child is to run."""
    return [command.path for command in driver.due if isinstance(command, RunNode | StartChild)]


def stopping(driver: Driver) -> list[str]:
    return [command.path for command in driver.due if isinstance(command, CancelNode)]


def timers(driver: Driver) -> dict[str, float]:
    """Path to seconds from now."""
    return {command.path: command.due - driver.now for command in driver.due if isinstance(command, SetTimer)}


def types_of(driver: Driver) -> list[str]:
    return [fact.type for fact in driver.facts]


def given(driver: Driver, path: str) -> Any:
    """The input that a node which is due was bound to."""
    command = driver.command(path)
    assert isinstance(command, RunNode | StartChild)
    return command.input


WORK = {"use": "work"}


def work(**keys: Any) -> dict[str, Any]:
    return {"use": "work", **keys}
