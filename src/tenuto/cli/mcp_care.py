"""What `tenuto mcp add|list|show|approve|remove` do, on the store of a data directory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from tenuto.cli.look import line, note, plural, preview, safe, say
from tenuto.cli.painting import Cell, Painter
from tenuto.cli.toolshed import Bench, Where, do
from tenuto.ports.engine import Refused

_COLOURS = {"approved": "green", "changed": "red", "new": "yellow", "gone": "bright_black"}


@dataclass(slots=True, frozen=True)
class Given:
    """A server as the command line says it."""

    where: Sequence[str]
    secret: str
    header: Sequence[str]
    env: Sequence[str]
    env_secret: Sequence[str]
    trusted: bool
    timeout: float

    def definition(self) -> dict[str, Any]:
        both: dict[str, Any] = {"trusted": self.trusted, "timeout": self.timeout}
        words = [*self.where[1:]] if self.where[0] == "--" else [*self.where]
        if words and words[0].startswith(("http://", "https://")):
            if len(words) > 1:
                hint = f"write them so: tenuto mcp add {' '.join(words[1:])} NAME {words[0]}"
                raise Refused("invalid", "options stand before the name of the server", hint)
            return {**both, "url": words[0], "secret": self.secret, "headers": _pairs(self.header)}
        return {
            **both,
            "command": words,
            "env": _pairs(self.env),
            "secrets": _pairs(self.env_secret),
            "secret": self.secret,
            "headers": _pairs(self.header),
        }


def add(where: Where, name: str, given: Given, *, json: bool) -> int:
    from tenuto.service import mcp_servers

    state = do(where, lambda at: mcp_servers.register(at.shop, at.who, name, given.definition()), make=True)
    if json:
        say(line(mcp_servers.state_json(state)))
        return 0
    if state.trouble:
        note(f"registered, and not reached yet: {safe(state.trouble)}")
    _tools(state)
    return 0


def list_servers(where: Where, *, json: bool) -> int:
    from tenuto.service import mcp_servers

    states = do(where, lambda at: mcp_servers.listing(at.shop, at.who))
    if json:
        say(line({"items": [mcp_servers.state_json(state) for state in states], "next_cursor": None}))
    elif not states:
        note("no MCP servers: `tenuto mcp add NAME URL` registers one")
    else:
        Painter.for_stdout().table([_row(state) for state in states], heads=("name", "offers", "from", "at"))
    return 0


def _row(state: Any) -> list[Cell]:
    at = state.server.url or " ".join(state.server.command)
    return [
        Cell(state.server.name, "bold"),
        Cell(plural(len(state.tools), "tool")) if state.asked else Cell("not asked yet", "yellow"),
        Cell(state.source, "bright_black"),
        Cell(preview(at, 200), "bright_black"),
    ]


def show(where: Where, name: str, *, json: bool) -> int:
    from tenuto.service import mcp_servers

    state = do(where, lambda at: mcp_servers.get(at.shop, at.who, name), make=True)
    if json:
        say(line(mcp_servers.state_json(state)))
        return 0
    if state.trouble:
        note(safe(state.trouble))
    _tools(state)
    for tool in state.tools:
        _difference(tool)
    return 0


def approve(where: Where, name: str, tools: Sequence[str], *, yes: bool, json: bool) -> int:
    from tenuto.service import mcp_servers

    async def act(at: Bench) -> Any:
        state = await mcp_servers.get(at.shop, at.who, name)
        if state.trouble:
            raise Refused("unreachable", state.trouble)
        hashes = _wanted(state, tools, yes=yes)
        return await mcp_servers.approve(at.shop, at.who, name, hashes) if hashes else state

    state = do(where, act, make=True)
    if json:
        say(line(mcp_servers.state_json(state)))
    else:
        _tools(state)
    return 0


def _wanted(state: Any, names: Sequence[str], *, yes: bool) -> dict[str, str]:
    """The hashes of what was looked at and found good."""
    known = {tool.name for tool in state.tools}
    unknown = sorted(set(names) - known)
    if unknown:
        raise Refused("not_found", f"`{state.server.name}` offers no tool `{unknown[0]}`")
    open_ones = [tool for tool in state.tools if tool.state in {"new", "changed"} and (not names or tool.name in names)]
    for tool in open_ones:
        _difference(tool)
    return {tool.name: tool.hash for tool in open_ones if yes or typer.confirm(f"approve {tool.name}?", err=True)}


def remove(where: Where, name: str, *, json: bool) -> int:
    from tenuto.service import mcp_servers

    do(where, lambda at: mcp_servers.delete(at.shop, at.who, name))
    if json:
        say(line({"name": name, "removed": True}))
    else:
        say(f"removed {name}")
    return 0


def _tools(state: Any) -> None:
    rows = [
        [
            Cell(f"mcp:{state.server.name}/{tool.name}", "bold"),
            Cell(tool.state, _COLOURS[tool.state]),
            Cell(preview(tool.description, 200)),
        ]
        for tool in state.tools
    ]
    if rows:
        Painter.for_stdout().table(rows, heads=("tool", "definition", "what it does"))


def _difference(tool: Any) -> None:
    if tool.state not in {"new", "changed"}:
        return
    note(f"{tool.name} is {tool.state}:")
    for each in tool.diff:
        note(f"  {safe(each)}")


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Refused("invalid", f"`{text[:60]}` is not NAME=VALUE")
        found[key] = value
    return found
