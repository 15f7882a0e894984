"""Tools for people and programs: listed, looked at, called. A call is a run, durable like any other: of the flow itself, or of
a flow with one node that calls the tool.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.records import BadCursor
from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.large import shortened
from tenuto.sdk.context import FileRef
from tenuto.sdk.errors import NodeError
from tenuto.service import nodes
from tenuto.service.inputs import prepare
from tenuto.service.nodes import Trial
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.refusals import Refused
from tenuto.service.starting import take_up_files
from tenuto.service.tools.toolbox import Workshop

Json = object

NODE: Final = "tool.call"
BUILT_IN: Final = "built-in"  # the kind of tools whose names stand alone
# What a call needs besides `tools:call`: through a tool nobody does what he may not do otherwise.
NEEDS: Final[Mapping[str, str]] = {"agent": "agents:execute", "flow": "runs:write", "node": "nodes:try"}
PATIENCE: Final = nodes.PATIENCE


async def listing(
    shop: Workshop,
    who: Principal,
    *,
    stage: str | None = None,
    kind: str | None = None,
    q: str = "",
    after: str = "",
    limit: int = 50,
) -> tuple[list[Tool], str | None]:
    """A page of the tools of a stage by name, and where the next one begins. `after`: the last name of the page before."""
    kinds = [each for each in shop.tools.router.sources if each] + [BUILT_IN]
    if kind not in {None, *kinds}:
        raise Refused("invalid", f"there is no kind of tools `{(kind or '')[:40]}`", f"kinds are {', '.join(kinds)}")
    found = await shop.tools.router.listed(tenant=who.tenant, stage=await _stage(shop, who, stage))
    wanted = [tool for tool in found if kind in {None, kind_of(tool.name)} and q.lower() in tool.name.lower()]
    if after:
        names = [tool.name for tool in wanted]
        if after not in names:
            raise BadCursor
        wanted = wanted[names.index(after) + 1 :]
    page = wanted[:limit]
    return page, page[-1].name if len(wanted) > limit else None


async def get(shop: Workshop, who: Principal, name: str, *, stage: str | None = None) -> Tool:
    """One tool; refused, with near names, if there is none."""
    where = await _stage(shop, who, stage)
    try:
        found = await shop.tools.router.tools([name], tenant=who.tenant, stage=where)
    except NodeError as error:
        raise Refused("not_found" if error.type == "tool" else "unreachable", error.message) from None
    if len(found) != 1:
        raise Refused("invalid", f"`{name[:80]}` is {len(found)} tools", "name one of them")
    return found[0]


async def call(
    platform: Platform,
    who: Principal,
    name: str,
    arguments: Mapping[str, Any],
    *,
    stage: str | None = None,
    patience: float = PATIENCE,
) -> Trial:
    """Call it, and wait a while for its answer."""
    run = await begin(platform, who, name, arguments, stage=stage)
    trial = await nodes.waited_for(platform, run, patience)
    return trial if trial.outcome is None else replace(trial, outcome=await bounded(platform, who, trial.outcome))


async def bounded(platform: Platform, who: Principal, outcome: Outcome) -> Outcome:
    """The outcome of a call as its caller is told it: what is large is a file of its run. A flow is a run by itself, and
    answers whatever it likes."""

    async def keep(content: bytes, name: str, media_type: str) -> FileRef:
        return await platform.files.save(content, name=name, media_type=media_type, tenant=who.tenant, run=outcome.id)

    return replace(outcome, output=await shortened(outcome.output, outcome.name, keep))


async def begin(
    platform: Platform, who: Principal, name: str, arguments: Mapping[str, Any], *, stage: str | None = None
) -> str:
    """Start the run of a call; its id. Refused if the arguments do not fit, or who asks may not."""
    tool = await get(platform, who, name, stage=stage)
    kind = kind_of(tool.name)
    needed = NEEDS.get(kind)
    if needed is not None:
        who.needs(needed)
    where = await platform.flows.published.stage(who.tenant, stage)
    if where.production and kind == "node":
        raise Refused("forbidden", f"no node is tried on the production stage `{where.name}`", "name another stage")
    refuse_unfit(tool, arguments)
    if kind == "flow":  # it is a run by itself
        return await _start_flow(platform, who, tool.name, dict(arguments), where.name)
    given = {"tool": tool.name, "arguments": dict(arguments)}
    return await nodes.start_alone(platform, who, NODE, given, stage=stage, label=tool.name)


def refuse_unfit(tool: Tool, arguments: Mapping[str, Any]) -> None:
    wrong = unfit(tool.parameters, dict(arguments))
    if wrong:
        hint = f"`tenuto tools show {tool.name}` shows what it takes"
        raise Refused("invalid", f"the arguments do not fit `{tool.name}`: {'; '.join(wrong)}", hint)


async def _start_flow(platform: Platform, who: Principal, tool: str, arguments: dict[str, Any], stage: str) -> str:
    found = await platform.flows.published.resolve(who.tenant, tool.partition(":")[2], stage=stage)
    value, run = prepare(found.flow.input_schema, arguments), platform.names.run_id()
    await take_up_files(platform, value, tenant=who.tenant, run=run)
    labels = {nodes.TRIED: tool}
    await platform.engine.start(StartRequest(found.flow, value, run=run, stage=stage, tenant=who.tenant, labels=labels))
    return run


def kind_of(name: str) -> str:
    """`mcp` of `mcp:tickets/search`; `built-in` for a name that stands alone."""
    kind, colon, _ = name.partition(":")
    return kind if colon else BUILT_IN


def tool_json(tool: Tool) -> dict[str, Json]:
    """As the API and `--json` show it."""
    return {
        "name": tool.name,
        "kind": kind_of(tool.name),
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "effects": tool.effects,
        "durable": tool.durable,
        "timeout": tool.timeout,
        "trusted": tool.trusted,
        "sends": tool.sends,
    }


async def _stage(shop: Workshop, who: Principal, stage: str | None) -> str:
    return (await shop.flows.published.stage(who.tenant, stage or DEFAULT_STAGE)).name
