"""Whether LangGraph is there. Nodes ask this when they are read, and import it when they run: a list of nodes costs nothing."""

from importlib.util import find_spec


def needed() -> None:
    """`ModuleNotFoundError`, which the registry turns into the line that installs it."""
    if find_spec("langgraph.graph") is None:
        raise ModuleNotFoundError("No module named 'langgraph'", name="langgraph")
