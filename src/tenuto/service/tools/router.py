"""From the names that an agent's file writes to the tools behind them.

A full name is `kind:name`. A bare name, and `mcp__server__tool` of other agents' files, are understood where they can mean
one tool only. Two tools that a model could not tell apart are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from tenuto.core.problems import Problem
from tenuto.sdk.agents import Tool, covers, wire_name
from tenuto.sdk.errors import NodeError
from tenuto.service.tools.services import NEEDED
from tenuto.service.tools.source import Source, not_a_tool

BUILT_IN: Final = ""  # the kind of names that stand alone, such as `ask_person`
_SHOWN: Final = 5
_ALIKE: Final = 0.7


@dataclass(slots=True)
class Router:
    """`sources` by kind; that of the kind `""` has the tools whose names stand alone."""

    sources: Mapping[str, Source] = field(default_factory=dict[str, Source])

    async def tools(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Tool]:
        found: dict[str, Tool] = {}
        for written in names:
            for tool in await self._find(written, tenant, stage):
                found.setdefault(tool.name, tool)
        _refuse_alike(found)
        return list(found.values())

    async def listed(self, *, tenant: str, stage: str) -> list[Tool]:
        found: list[Tool] = []
        for name in await self._names(tenant, stage):
            try:
                found.extend(await self._of_kind(name, tenant, stage))
            except NodeError:
                continue  # what cannot be used now cannot be called: asked for by name it says why
        return sorted(found, key=lambda tool: tool.name)

    async def check(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Problem]:
        found: list[Problem] = []
        for index, written in enumerate(names):
            path = f"tools[{index}]"
            try:
                tools = await self._find(written, tenant, stage)
            except NodeError as error:
                found.append(Problem(path, "unknown_tool", error.message))
                continue
            if len(tools) == 1 and tools[0].name != written:
                hint = f"write `{tools[0].name}`"
                found.append(Problem(path, "bare_tool", f"`{written}` means one tool today", hint, "warning"))
        return found

    async def _find(self, written: str, tenant: str, stage: str) -> Sequence[Tool]:
        name = _understood(written)
        kind, colon, _ = name.partition(":")
        if not colon:
            return await self._bare(name, tenant, stage)
        if kind not in self.sources:
            raise await self._unknown(written, tenant, stage)
        tools = await self._of_kind(name, tenant, stage)
        if not tools:
            raise await self._unknown(name, tenant, stage)
        return tools

    async def _bare(self, name: str, tenant: str, stage: str) -> Sequence[Tool]:
        own = self.sources.get(BUILT_IN)
        built_in = await own.find(name, tenant=tenant, stage=stage) if own is not None else ()
        if built_in:
            return built_in
        meant = [full for full in await self._names(tenant, stage) if ":" in full and covers(name, full)]
        if len(meant) > 1:
            several = ", ".join(f"`{full}`" for full in meant[:_SHOWN])
            raise not_a_tool(f"`{name[:100]}` could be {several}", "write the whole name")
        tools = await self._of_kind(meant[0], tenant, stage) if meant else ()
        if not tools:
            raise await self._unknown(name, tenant, stage)
        return tools

    async def _of_kind(self, name: str, tenant: str, stage: str) -> Sequence[Tool]:
        kind, colon, rest = name.partition(":")
        source = self.sources[kind if colon else BUILT_IN]
        return await source.find(rest if colon else name, tenant=tenant, stage=stage)

    async def _names(self, tenant: str, stage: str) -> list[str]:
        found: list[str] = []
        for kind, source in self.sources.items():
            names = await source.names(tenant=tenant, stage=stage)
            found.extend(f"{kind}:{name}" if kind else name for name in names)
        return found

    async def _unknown(self, name: str, tenant: str, stage: str) -> NodeError:
        if name in NEEDED:
            return not_a_tool(f"there is no tool `{name}` before {NEEDED[name]} says where its service is")
        names = await self._names(tenant, stage)
        near = _near(name, names)
        hint = f"did you mean {' or '.join(near)}?" if near else self._there_are(name, names)
        return not_a_tool(f"there is no tool `{name[:100]}`", hint)

    def _there_are(self, name: str, names: Sequence[str]) -> str:
        """Some of those that could have been meant: of its kind, if it names one, else one of each."""
        kind, colon, _ = name.partition(":")
        if colon and kind not in self.sources:
            kinds = ", ".join(f"`{each}:`" for each in self.sources if each)
            return f"names of tools begin with {kinds}, such as `{names[0]}`" if names else f"there are {kinds}"
        meant = [each for each in names if not colon or each.startswith(f"{kind}:")]
        if not meant:
            return f"there is none of the kind `{kind}:` here" if colon else "there are none"
        several = meant if colon else list({each.partition(":")[0]: each for each in reversed(meant)}.values())[::-1]
        shown = several[:_SHOWN]
        more = f" and {len(meant) - len(shown)} more: `tenuto tools list`" if len(meant) > len(shown) else ""
        return f"there are {', '.join(f'`{each}`' for each in shown)}{more}"


def _understood(written: str) -> str:
    """`mcp__tickets__search`, as other programs write it, is `mcp:tickets/search`."""
    if not written.startswith("mcp__"):
        return written
    server, _, tool = written.removeprefix("mcp__").partition("__")
    return f"mcp:{server}/{tool or '*'}"


def _near(name: str, names: Sequence[str]) -> list[str]:
    """Those of its kind that are spelt like it; if there are none, those of any kind. Its kind does not make a name alike."""
    kind, colon, rest = name.rpartition(":")
    kinds = [each for each in names if each.startswith(f"{kind}:")] if colon else []
    return [f"`{each}`" for each in _spelt_like(rest, kinds) or _spelt_like(rest, names)]


def _spelt_like(rest: str, names: Sequence[str]) -> list[str]:
    ends = {each.partition(":")[2].lower() or each.lower(): each for each in names}
    return [ends[end] for end in get_close_matches(rest.lower(), ends, n=3, cutoff=_ALIKE)]


def _refuse_alike(found: Mapping[str, Tool]) -> None:
    """A model is told wire names: two tools with one would shadow each other."""
    wires: dict[str, str] = {}
    for name in found:
        other = wires.setdefault(wire_name(name), name)
        if other != name:
            raise not_a_tool(f"`{name}` and `{other}` are the same name for a model", "give the agent one of them")
