"""What `tenuto tools …` does, on a data directory. A call is a run that is driven here, or by whoever owns the directory."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from tenuto.cli.driving import drive
from tenuto.cli.following import Manner, run_to_the_end
from tenuto.cli.forms import show_form
from tenuto.cli.house import House, Place, looked_at, place_of, user
from tenuto.cli.look import line, note, preview, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.service.principal import Principal, local

Json = object
T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Where:
    """In which data directory, whose tools, and in which stage."""

    data: Path | None
    tenant: str = "default"
    stage: str | None = None

    @property
    def place(self) -> Place:
        return place_of(self.data, self.stage)

    @property
    def words(self) -> str:
        """What to add to a command that is suggested."""
        return self.place.words + (f" --tenant {self.tenant}" if self.tenant != "default" else "")


@dataclass(slots=True)
class Bench:
    """An open workshop, and who works in it."""

    shop: Any
    who: Principal


def do(where: Where, act: Callable[[Bench], Awaitable[T]], *, make: bool = False) -> T:
    """`make`: the directory; who only looks leaves nothing behind."""

    async def work(place: Place) -> T:
        async with bench(where, place) as opened:
            return await act(opened)

    with contextlib.nullcontext(where.place) if make else looked_at(where.place) as place:
        return asyncio.run(work(place))


@contextlib.asynccontextmanager
async def bench(where: Where, place: Place) -> AsyncGenerator[Bench]:
    from tenuto.bootstrap.tools_here import open_tools

    async with open_tools(place.settings) as shop:
        async with shop.store.read() as tx:
            if await tx.tenants.get(where.tenant) is None:
                raise Refused("not_found", f"there is no tenant `{where.tenant}`", "see --tenant")
        yield Bench(shop, replace(local(user()), tenant=where.tenant))


def list_tools(where: Where, kind: str | None, named: str, *, json: bool) -> int:
    from tenuto.service import mcp_servers
    from tenuto.service.tool_calls import listing, tool_json

    async def look(at: Bench) -> tuple[list[Any], list[str]]:
        found, _ = await listing(at.shop, at.who, stage=where.stage, kind=kind, q=named, limit=10_000)
        servers = await mcp_servers.listing(at.shop, at.who) if kind in {None, "mcp"} else []
        return found, [each.server.name for each in servers if not each.asked]

    found, unasked = do(where, look)
    if json:
        say(line({"items": [tool_json(tool) for tool in found], "next_cursor": None}))
    elif not found and not unasked:
        note("no such tools")
    else:
        rows = [[Cell(tool.name, "bold"), _effects(tool), Cell(preview(tool.description, 200))] for tool in found]
        Painter.for_stdout().table(rows, heads=("name", "effects", "what it does"))
    for name in unasked:
        note(
            f"the MCP server `{name}` has not been asked yet what it offers: `tenuto mcp show {name}{where.words}` does"
        )
    return 0


def _effects(tool: Any) -> Cell:
    return Cell(tool.effects, "yellow" if tool.effects == "once" else "bright_black")


def show_tool(where: Where, name: str, *, json: bool) -> int:
    from tenuto.service.tool_calls import get, tool_json

    tool = do(where, lambda at: get(at.shop, at.who, name, stage=where.stage))
    if json:
        say(line(tool_json(tool)))
        return 0
    painter = Painter.for_stdout()
    painter.line(Cell(tool.name, "bold"), Cell(tool.description))
    whose = "it answers what is your own" if tool.trusted else "it answers text of strangers"
    say(f"  effects: {tool.effects}  {whose}" + (", and what it is given leaves your systems" if tool.sends else ""))
    say()
    show_form(painter, tool.parameters)
    return 0


def call(where: Where, name: str, pairs: Sequence[str], arguments: str | None, *, wait: bool, json: bool) -> int:
    from tenuto.service.inputs import from_pairs, read_json
    from tenuto.service.tool_calls import get, refuse_unfit

    place = where.place
    given: Any = read_json(arguments, "--arguments") if arguments is not None else None
    if given is not None and not isinstance(given, dict):
        raise Refused("invalid", "--arguments is a JSON object", 'such as {"query": "otters"}')
    manner = Manner(json, wait, ask=wait, words=place.words, by=user())
    asked: Any = from_pairs(None, pairs, cast("Any", given)) or {}
    if not name.startswith("flow:"):  # which may be a file here; it is found by the run
        first = name.startswith("mcp")  # a server may be asked for the first time, and that is kept
        refuse_unfit(do(where, lambda at: get(at.shop, at.who, name, stage=where.stage), make=first), asked)
    begin = _beginning(place, name, asked)
    return run_to_the_end(drive(place, begin, manner), manner)


def _beginning(place: Place, name: str, arguments: Any) -> Callable[[House], Awaitable[str]]:
    async def begin(house: House) -> str:
        from tenuto.bootstrap import open_registry
        from tenuto.service import runs
        from tenuto.service.nodes import flow_of_one
        from tenuto.service.tool_calls import NODE

        given = {"tool": name, "arguments": arguments}
        flow = flow_of_one(open_registry(place.settings), NODE, given)
        return await runs.start(house.engine, flow, given, stage=place.settings.stage, labels={"try": name})

    return begin
