"""The tools that an agent file names: those of ours by their kind, those of other coding agents with what stands for them.

Whether a tool is there, and which one a bare name means, is for the router to say; here it is only whether the name could be
one of ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from tenuto.core.flow.findings import Findings, brief, listing, mapping, under, what
from tenuto.core.problems import did_you_mean
from tenuto.sdk.agents.tool import covers

MOST: Final = 200  # tools that a file may name; no model is told of so many
KINDS: Final = ("mcp", "node", "flow", "agent", "http")
_OURS: Final = re.compile(rf"(({'|'.join(KINDS)}):)?[\w./*-]+")
_THEIR_MCP: Final = "mcp__"
_EVERY: Final = frozenset({"*", "all"})
_FORM: Final = "a tool is `mcp:SERVER/TOOL`, `node:TYPE`, `flow:NAME`, `agent:NAME` or `http:NAME`"
_SERVER: Final = "register an MCP server that can do it, and name its tool: `mcp:SERVER/TOOL`"
_FETCH: Final = "`node:http.request` fetches what has an address"
_AGENTS: Final = "name the agents that it may call: `agent:NAME`"
_NEEDLESS: Final = "nothing of it is needed here: leave it out"


def _each(names: str, hint: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), hint)


# By their names in small letters, without `_` and `-`.
_FOREIGN: Final[Mapping[str, str]] = {
    **_each("bash shell terminal runcommand runcommands bashoutput killshell killbash", _SERVER),
    **_each("read write edit multiedit glob grep ls notebookread notebookedit editfiles codebase", _SERVER),
    **_each("websearch computer", _SERVER),
    **_each("webfetch", _FETCH),
    **_each("task agent", _AGENTS),
    **_each("todo todowrite todoread exitplanmode skill slashcommand toolsearch", _NEEDLESS),
    **_each("askuserquestion", "`ask_person` asks a person"),
}


def named(value: object, path: str, found: Findings) -> Iterator[tuple[str, str]]:
    """Each name with its path: of a list, of a text with commas, or of an object `{name: true}`."""
    members = mapping(value)
    items = listing(value)
    if isinstance(value, str):
        yield from ((path, name) for name in _parted(value))
    elif members is not None:
        yield from ((under(path, name), name) for name, wanted in members.items() if wanted is True)
    elif items is not None:
        for index, item in enumerate(items):
            if isinstance(item, str) and item.strip():
                yield under(path, index), item.strip()
            else:
                said = "an empty text" if isinstance(item, str) else what(item)
                found.error(under(path, index), "wrong_type", f"a tool is a name, not {said}", _FORM)
    elif value is not None:
        found.error(path, "wrong_type", f"`{path}` is a list of names, not {what(value)}", _FORM)


def read_tools(value: object, found: Findings) -> tuple[str, ...]:
    """Those that could be ours, each once; of the others it is said what to do."""
    tools = _kept(named(value, "tools", found), found)
    if len(tools) > MOST:
        found.error("tools", "too_many", f"{len(tools):,} tools are more than {MOST}", "give them to several agents")
    return tools[:MOST]


def read_approve(value: object, tools: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    """`true` or `*` is all of its tools."""
    if value is True or (isinstance(value, str) and value.strip() in _EVERY):
        return tools
    if value is False:
        return ()
    written = [name for _, name in named(value, "approve", found)]
    if not _EVERY.isdisjoint(written):
        return tools
    names = tuple(dict.fromkeys(ours for name in written if (ours := meant(name)) is not None))
    strange = [name for name in written if meant(name) is None and _known(name) not in _FOREIGN]
    for name in [*names, *strange][:MOST]:  # whoever wrote it believes that a person is asked
        if not any(covers(name, tool) or covers(tool, name) for tool in tools):
            hint = did_you_mean(name, tools) or "name it under `tools` as well, or leave it out"
            found.warn("approve", "approves_nothing", f"`{brief(name)}` is none of its tools", hint)
    return names


def _kept(names: Iterable[tuple[str, str]], found: Findings) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for path, name in names:
        ours = meant(name)
        if ours is not None:
            kept[ours] = None
        else:
            _say(path, name, found)
    return tuple(kept)


def meant(name: str) -> str | None:
    """The name of a tool as it may be ours; None if it cannot be one."""
    if name.startswith(_THEIR_MCP) and name != _THEIR_MCP:
        server, _, tool = name.removeprefix(_THEIR_MCP).partition("__")
        name = f"mcp:{server}/{tool or '*'}"
    foreign = name in _EVERY or _known(name) in _FOREIGN
    return name if _OURS.fullmatch(name) and not foreign else None


def _known(name: str) -> str:
    """What other agents' tools are known by: `Bash(git:*)` is `bash`."""
    return re.sub(r"[_-]|\(.*", "", name, flags=re.DOTALL).lower()


def _say(path: str, name: str, found: Findings) -> None:
    shown = brief(name)
    if name in _EVERY:
        found.warn(path, "foreign_tool", "an agent has the tools that its file names, not all", _FORM)
    elif hint := _FOREIGN.get(_known(name)):
        found.warn(path, "foreign_tool", f"there is no tool `{shown}` here; the agent runs without it", hint)
    else:
        near = did_you_mean(name.partition(":")[0], KINDS) if ":" in name else ""
        message = f"`{shown}` is no name of a tool; the agent runs without it"
        found.warn(path, "unknown_tool", message, f"{near} {_FORM}".strip())


def _parted(text: str) -> list[str]:
    """At commas, but not at those in parentheses: `Bash(git add, git commit), Read` names two."""
    return [part.strip() for part in cast("list[str]", re.findall(r"(?:\([^()]*\)|[^,])+", text)) if part.strip()]
