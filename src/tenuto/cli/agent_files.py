"""`tenuto agents check` and `new`: agent files looked at, and one to begin with."""

import asyncio
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tenuto.cli.agent_house import AgentsHere, agents_here, folder_of, place_with
from tenuto.cli.failures import BAD_INPUT, SUCCEEDED
from tenuto.cli.files import problem_line
from tenuto.cli.look import line, look_of, note, plural, say
from tenuto.documents.agent_file import LoadedAgent, kebab, load_agent
from tenuto.ports.engine import Refused
from tenuto.sdk.agents import Agent
from tenuto.service.agent_house import as_warning
from tenuto.service.agent_sources import agent_paths, read_agent
from tenuto.service.refusals import Problem

Json = object
Checked = tuple[Path, list[Problem]]

_AGENT: Final = "agent:"
_FIELDS: Final = ("severity", "path", "line", "column", "code", "message", "hint")
_SCAFFOLD: Final = """\
---
name: {name}
description: What it does in one sentence, and when to call it.
{team}model: inherit
# What it may call: node:http.request, flow:NAME, agent:NAME, mcp:SERVER/TOOL, http:NAME. None, if it needs none.
tools: []
# Those of them that need a person's word first.
approve: []
max_turns: 10
---

# {title}

You are … Say in a sentence or two who it is, for whom it works, and what a good result looks like.

## When to use

- the tasks that it is for
- and what it leaves to others

## How you work

1. Read the task and what comes with it. If something that you need is missing, ask for it, or say what you assume.
2. …
3. Check the result against the task before you answer.

## What you answer

The form of the answer: how long, in which order, in which tone. Answer with the result itself, not with a report about it.
"""


def check(files: Sequence[Path], *, json: bool) -> int:
    checked = asyncio.run(_check(files))
    wrong = any(problem.severity == "error" for _, problems in checked for problem in problems)
    if json:
        problems = [_problem_json(file, problem) for file, problems in checked for problem in problems]
        say(line({"ok": not wrong, "problems": problems}))
        return BAD_INPUT if wrong else SUCCEEDED
    for file, problems in checked:
        for problem in problems:
            say(problem_line(str(file), problem))
    if not wrong:
        warnings = sum(len(problems) for _, problems in checked)
        said = plural(warnings, "warning") if warnings else "no problems"
        say(f"{look_of(sys.stdout).mark('succeeded')} {plural(len(checked), 'agent')}, {said}")
    return BAD_INPUT if wrong else SUCCEEDED


async def _check(files: Sequence[Path]) -> list[Checked]:
    read = [_read(path, team) for file in files for path, team in _files_in(file)]
    first: dict[str, Path] = {}
    for each in read:
        if each.agent is not None:
            first.setdefault(each.agent.name, each.path)
    async with agents_here(place_with(None, None, None)) as here:
        return [(each.path, sorted(await _problems(each, first, here), key=_place)) for each in read]


@dataclass(slots=True, frozen=True)
class _File:
    path: Path
    loaded: LoadedAgent

    @property
    def agent(self) -> Agent | None:
        return self.loaded.agent


def _read(path: Path, team: str) -> _File:
    try:
        return _File(path, read_agent(path, team, "folder"))
    except OSError as error:
        raise Refused("not_found", f"{path} cannot be read: {error.strerror or error}") from None


def _files_in(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        yield path, ""
        return
    found = list(agent_paths(path))
    if not found:
        raise Refused("invalid", f"no agents in {path}", "an agent's file ends in .md")
    yield from found


async def _problems(file: _File, first: Mapping[str, Path], here: AgentsHere) -> list[Problem]:
    """`first`: the file that has each name, of those that are looked at together: they know each other."""
    agent, path = file.agent, file.path
    if agent is None:
        return file.loaded.problems
    found = [*file.loaded.problems, *await _silent(path, agent, here), *await _lacking(path, agent, first, here)]
    if first[agent.name] != path:
        message = f"the agent `{agent.name}` is also in {first[agent.name]}"
        found.append(Problem("name", "duplicate", message, "rename one", line=_line_of(path, "name") or 1, column=1))
    return found


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


async def _silent(path: Path, agent: Agent, here: AgentsHere) -> list[Problem]:
    """No model of it can be asked here; elsewhere, with another `tenuto.toml` and other keys, perhaps."""
    trouble = (await here.choice(agent.model)).trouble
    if not trouble:
        return []
    at = _line_of(path, "model")
    return [Problem("model", "no_model", trouble, severity="warning", line=at, column=1 if at else None)]


def _line_of(path: Path, key: str) -> int | None:
    return next((number for number, text in enumerate(_lines_of(path), 1) if text.startswith(f"{key}:")), None)


async def _lacking(path: Path, agent: Agent, beside: Container[str], here: AgentsHere) -> list[Problem]:
    """An agent runs without a tool that is not there, so that is a warning; where its name stands is looked up."""
    lines = _lines_of(path)
    found: list[Problem] = []
    for problem in await here.lacking(agent):
        tool = agent.tools[int(problem.path.removeprefix("tools[").rstrip("]"))]
        if tool.startswith(_AGENT) and tool.removeprefix(_AGENT) in beside:
            continue
        places = ((number, text.find(tool) + 1) for number, text in enumerate(lines, 1) if tool in text)
        at, column = next(places, (_line_of(path, "tools"), 1))  # it may be written as other agents' files do
        found.append(replace(as_warning(problem), line=at, column=column if at else None))
    return found


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _problem_json(file: Path, problem: Problem) -> dict[str, Json]:
    return {"file": str(file), **{name: getattr(problem, name) for name in _FIELDS}}


# --- a new one


def new(word: str, team: str, folder: Path | None) -> int:
    name = kebab(word)
    text = _SCAFFOLD.format(
        name=name, title=name.replace("-", " ").capitalize(), team=f"team: {team}\n" if team else ""
    )
    wrong = load_agent(text).errors
    if wrong:
        raise Refused("invalid", f"`{word[:80]}` makes no agent: {wrong[0].message}", "a name is like release-writer")
    where = folder or folder_of(place_with(None, None, None))
    file = where / team / f"{name}.md"
    if file.exists():
        raise Refused("exists", f"{file} is there already", "choose another name, or edit that file")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    say(f"{look_of(sys.stdout).mark('succeeded')} {file}")
    note(f'  say who it is there, then: tenuto agents run {name} "a task"')
    return SUCCEEDED
