"""`my_module:graph`: a person's own graph, compiled."""

from typing import Any, cast

from langgraph.graph import StateGraph  # pyright: ignore[reportMissingTypeStubs]  typed, without saying so
from langgraph.pregel import Pregel  # pyright: ignore[reportMissingTypeStubs]  as above

from tenuto.sdk.agents.named import named

AnyGraph = Pregel[Any, Any, Any, Any]
_KINDS = cast("type[Any]", (Pregel, StateGraph))


def graph_named(name: str) -> AnyGraph:
    """`NodeError`, never retried, that says what is wrong with the name."""
    found: Any = named(name, _KINDS, "a `StateGraph` of LangGraph, best compiled", library="langgraph")
    return cast("AnyGraph", cast("Any", found).compile() if isinstance(found, StateGraph) else found)
