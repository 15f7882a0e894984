"""`tenuto agents list` and `show`: who is there, and what there is to know of one."""

import asyncio
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from tenuto.cli.agent_house import Broken, agents_here, broken_in, named, place_with
from tenuto.cli.look import compact, line, note, plural, safe, say, shorten
from tenuto.cli.painting import Cell, Painter
from tenuto.sdk.agents import Agent
from tenuto.sdk.agents.agent import INHERIT
from tenuto.sdk.agents.agent_json import agent_json
from tenuto.service.agent_looks import Choice
from tenuto.service.refusals import Problem

Json = object

_PLAIN = 200  # characters of a description where no terminal sets a limit
_NARROW = 20
_LABEL = 12  # columns for what a line of `show` is about


def list_agents(folder: Path | None, team: str | None, *, json: bool) -> int:
    return asyncio.run(_list(folder, team, json=json))


def show(folder: Path | None, name: str, *, json: bool) -> int:
    return asyncio.run(_show(folder, name, json=json))


async def _list(folder: Path | None, team: str | None, *, json: bool) -> int:
    place = place_with(None, None, folder)
    async with agents_here(place) as here:
        found = [agent for agent in await here.all() if team in (None, agent.team)]
        broken = broken_in(here.folder) if team is None else []
        default = await here.choice((INHERIT,))
    if json:
        say(line({"items": [_line_json(agent) for agent in found], "broken": [_broken_json(each) for each in broken]}))
        return 0
    if not found and not broken:
        note(f"no agents of the team `{team}`" if team else "no agents: `tenuto agents new NAME` writes one")
        return 0
    _table(found)
    _tell_broken(broken)
    _tell_default(found, default)
    return 0


def _table(agents: Sequence[Agent]) -> None:
    """By team; the columns of all teams are as wide."""
    painter = Painter.for_stdout()
    teams = groupby(sorted(agents, key=lambda agent: (agent.team or "~", agent.name)), lambda agent: agent.team)
    room = _room(agents) if painter.look.rich else _PLAIN
    rows: list[list[Cell]] = []
    for team, members in teams:
        rows += [] if not painter.look.rich else [_heading(team, first=not rows)]
        rows += [_row(agent, painter, team, room) for agent in members]
    painter.table(rows)


def _room(agents: Sequence[Agent]) -> int:
    """For the descriptions: names and models are as wide as they are."""
    names = max((len(agent.name) for agent in agents), default=0)
    works = max((len(_work(agent)) for agent in agents), default=0)
    troubles = max((len(_trouble(agent)) + 2 for agent in agents if agent.problems), default=0)
    return max(shutil.get_terminal_size().columns - names - works - troubles - 9, _NARROW)


def _heading(team: str, *, first: bool) -> list[Cell]:
    return [Cell(("" if first else "\n") + (team or "no team"), "bright_black"), Cell(), Cell(), Cell()]


def _row(agent: Agent, painter: Painter, team: str, room: int) -> list[Cell]:
    shown = [] if painter.look.rich else [Cell(team or "-")]
    trouble = f"{painter.look.mark('warning')} {_trouble(agent)}" if agent.problems else ""
    indent = "  " if painter.look.rich else ""
    return [
        *shown,
        Cell(f"{indent}{agent.name}", "bold"),
        Cell(_work(agent), "cyan"),
        Cell(shorten(_first_sentence(safe(agent.description)), room)),
        Cell(trouble, "yellow"),
    ]


def _trouble(agent: Agent) -> str:
    return plural(len(agent.problems), "problem")


def _work(agent: Agent) -> str:
    """Which model, and which runtime where it is not the usual one."""
    model = "default" if agent.model == (INHERIT,) else agent.model[0]
    return model if agent.runtime == "native" else f"{model} {agent.runtime}"


def _first_sentence(text: str) -> str:
    first = " ".join(text.split()).split(". ", 1)[0]
    return first.removesuffix(".")


def _tell_broken(broken: Iterable[Broken]) -> None:
    painter = Painter.for_stdout()
    for each in broken:
        say()
        painter.line(Cell(f"{painter.look.mark('failed')} {each.name}", "red"), Cell(str(each.file), "bright_black"))
        for problem in each.problems[:3]:
            painter.line(Cell(f"    {safe(str(problem))}"))


def _tell_default(agents: Sequence[Agent], default: Choice) -> None:
    painter = Painter.for_stdout()
    say()
    count = plural(len(agents), "agent")
    if default.trouble:
        painter.above([Cell(f"{count}; no model can be asked:", "yellow")], Cell(default.trouble, "yellow"))
        return
    head = Cell(f"{count}; the default model is {default.names}", "bright_black")
    painter.above([head], Cell(default.why, "bright_black"))


# --- one


async def _show(folder: Path | None, word: str, *, json: bool) -> int:
    name, where = named(word, folder)
    async with agents_here(place_with(None, None, where)) as here:
        agent = await here.agent(name)
        choice = await here.choice(agent.model)
    if json:
        say(line(agent_json(agent)))
        return 0
    _describe(agent, choice)
    return 0


def _describe(agent: Agent, choice: Choice) -> None:
    painter = Painter.for_stdout()
    painter.line(
        Cell(agent.name, "bold"), Cell(agent.team, "cyan"), Cell(f"{agent.source} {agent.version}", "bright_black")
    )
    for text in _wrapped(agent.description, 4):
        painter.line(Cell(f"  {text}"))
    say()
    for key, said in _facts(agent, choice):
        first, *rest = _wrapped(said, _LABEL + 4) or [""]
        painter.line(Cell(f"  {key:<{_LABEL}}", "bright_black"), Cell(first))
        for text in rest:
            painter.line(Cell(f"  {'':<{_LABEL}}"), Cell(text))
    for problem in agent.problems:
        painter.line(Cell(f"  {painter.look.mark('warning')}", "yellow"), Cell(_said(problem), "yellow"))
    say()
    for text in agent.prompt.splitlines():
        painter.line(Cell(f"  {safe(text)}") if text.strip() else Cell(" "))


def _wrapped(text: str, margin: int) -> list[str]:
    width = max(shutil.get_terminal_size().columns - margin, _NARROW)
    return textwrap.wrap(safe(text), width, break_on_hyphens=False)


def _facts(agent: Agent, choice: Choice) -> list[tuple[str, str]]:
    asked = ", else ".join(agent.model)
    meant = choice.trouble or f"{choice.names} ({choice.why})".removesuffix(" ()")
    budget = [f"${agent.budget['usd']:g}"] if "usd" in agent.budget else []
    budget += [f"{agent.budget['tokens']:,.0f} tokens"] if "tokens" in agent.budget else []
    said = {
        "model": asked if meant == asked else f"{asked}: {meant}",
        "runtime": f"{agent.runtime}, at most {plural(agent.max_turns, 'turn')}",
        "tools": ", ".join(agent.tools),
        "asks before": ", ".join(agent.approve),
        "budget": ", ".join(budget),
        "output": "" if agent.output is None else compact(dict(agent.output)),
        "also says": ", ".join(agent.extra),
    }
    return [(key, text) for key, text in said.items() if text]


def _said(problem: Problem) -> str:
    place = f"line {problem.line}: " if problem.line else ""
    return safe(f"{place}{problem}")


def _line_json(agent: Agent) -> dict[str, Json]:
    whole = agent_json(agent)
    return {name: whole[name] for name in _LISTED}


_LISTED = ("name", "team", "description", "model", "runtime", "tools", "approve", "source", "version", "problems")


def _broken_json(broken: Broken) -> dict[str, Json]:
    return {"name": broken.name, "file": str(broken.file), "problems": [str(each) for each in broken.problems]}
