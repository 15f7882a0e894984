"""`langgraph.graph`: a person's own graph as one node of a flow.

Its checkpoints are steps of the node, so a crash costs at most the superstep that was under way. Its first step says which
graph was run with which input: if either is another one (a fork with an edit), nothing of what was recorded is taken.
"""

from typing import Any, Final

from tenuto.agents.langgraph.installed import needed
from tenuto.sdk import Context, NodeError, node

needed()

_CONFIG: Final = frozenset({"configurable", "max_concurrency", "metadata", "recursion_limit", "run_name", "tags"})


@node("langgraph.graph")
async def graph(  # noqa: D417  `ctx` is no input
    graph: str,
    input: Any = None,  # noqa: A002  the word of the document
    config: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    stage: str | None = None,
    *,
    ctx: Context,
) -> Any:
    """Run your own LangGraph graph, durable at each superstep. Its interrupts wait in the inbox.

    Args:
        graph: `my_module:graph`, a compiled `StateGraph` of the project's folder or of an installed package.
        input: What the graph is invoked with.
        config: As LangGraph takes it: `configurable`, `recursion_limit`, `max_concurrency`, `tags`, `metadata`.
        context: For a graph with a `context_schema`.
        stage: What the graph's nodes read as `config["configurable"]["stage"]`, such as `${run.stage}`.
    """
    from tenuto.agents.langgraph.loading import graph_named
    from tenuto.agents.langgraph.playing import Play
    from tenuto.agents.langgraph.shown import shown

    chosen = _config(config or {}, stage)
    compiled = graph_named(graph)
    await ctx.step("graph", lambda *_: _about(graph, compiled), graph, input, chosen, context)
    return shown(await Play(compiled, ctx, chosen, context).answer(input))


def _config(given: dict[str, Any], stage: str | None) -> dict[str, Any]:
    unknown = sorted(given.keys() - _CONFIG)
    if unknown:
        message = f"`config` has no `{unknown[0]}`; it may have {', '.join(sorted(_CONFIG))}"
        raise NodeError(message, type="input", retry=False)
    if stage is None:
        return given
    return {**given, "configurable": {**(given.get("configurable") or {}), "stage": stage}}


def _about(name: str, compiled: Any) -> dict[str, Any]:
    return {"graph": name, "nodes": [each for each in compiled.nodes if not each.startswith("__")]}
