"""LangGraph: a runtime for agent files, and nodes that run graphs. Nothing of LangGraph is imported before it is used.

For people's own graphs: each call of a `durable(model)` or a `durable(tool)` is a step of the run, and `chat_model("inherit")`
is a model that Tenuto knows.
"""

import os
from typing import Any

from tenuto.sdk import Package
from tenuto.sdk.agents.runtime import Runtime

# Read once by LangGraph, when it is imported: what comes back from a checkpoint is of known types only.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

PACKAGE = Package(
    title="LangGraph",
    icon="share-2",
    description="Run a graph of LangGraph: durable at each superstep, with its interrupts in the inbox.",
    nodes=["langgraph.graph", "langgraph.plan_execute_review"],
    install="tenuto[langgraph]",
)


def durable(inner: Any, *, effects: str = "idempotent") -> Any:
    """The same chat model or tool, each of whose calls is a step of the run: one that was answered is never made again.

    `effects="once"`: a call whose answer was lost is not repeated before a person has decided. Outside of a run nothing changes.
    """
    from tenuto.agents.langgraph.wrapping import wrapped

    return wrapped(inner, effects)


def chat_model(*names: str) -> Any:
    """A chat model of LangChain over the models that Tenuto knows, by the names that agents' files use; the default one if none is named.

    Its questions are steps, priced, with the keys of the run's tenant. It answers in a graph that `langgraph.graph` runs.
    """
    from tenuto.agents.langgraph.chat import HouseModel

    return HouseModel(names=names or ("inherit",))


def make_runtime() -> Runtime:
    """For agent files that say `runtime: langgraph`."""
    from tenuto.agents.langgraph.runtime import LangGraph

    return LangGraph()
