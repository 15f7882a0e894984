"""Agents as the API and `--json` show them."""

from collections.abc import Sequence

from tenuto.core.problems import Problem
from tenuto.ports.agents import AgentVersionEntry
from tenuto.service.agents import Saved, Shown
from tenuto.service.flow_json import problem_json
from tenuto.service.runs import moment

Json = object
Shape = dict[str, Json]


def line_json(shown: Shown) -> Shape:
    """In a list."""
    agent, version, file = shown.agent, shown.version, shown.file
    said: Shape = {
        "name": agent.name,
        "title": agent.extra.get("title", agent.name),
        "description": agent.description,
        "team": agent.team,
        "source": agent.source,
        "model": list(agent.model),
        "runtime": agent.runtime,
        "tools": list(agent.tools),
        "version": version.number if version else None,
        "hash": agent.version,
        "updated_at": moment(version.at) if version else None,
    }
    return said | ({"file": file.shown, "gone": file.gone} if file else {})


def shown_json(shown: Shown, lacking: Sequence[Problem] = ()) -> Shape:
    """In full. `lacking`: what is wrong with its tools."""
    agent, version = shown.agent, shown.version
    return line_json(shown) | {
        "approve": list(agent.approve),
        "max_turns": agent.max_turns,
        "budget": dict(agent.budget),
        "output": agent.output,
        "extra": dict(agent.extra),
        "prompt": agent.prompt,
        "by": version.by if version else None,
        "problems": [problem_json(each) for each in (*agent.problems, *lacking)],
    }


def saved_json(saved: Saved, problems: Sequence[Problem] = ()) -> Shape:
    said: Shape = {"name": saved.name, "version": saved.number, "hash": saved.hash}
    return said | {"problems": [problem_json(each) for each in problems]}


def version_json(entry: AgentVersionEntry) -> Shape:
    return {"version": entry.number, "hash": entry.hash, "by": entry.by, "at": moment(entry.at)}
