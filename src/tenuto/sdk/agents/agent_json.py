"""An agent as JSON and back: how it is recorded with the first step of its run, and how it is sent.

What is recorded may have been edited by a person (a fork), so it is looked at again when it is read.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, cast, get_args

from tenuto.core.problems import Problem
from tenuto.sdk.agents.agent import Agent, RuntimeName, Source
from tenuto.sdk.errors import NodeError

_TEXTS: Final = ("name", "prompt", "version", "description", "team")
_NAMES: Final = ("model", "tools", "approve")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"runtime": get_args(RuntimeName), "source": get_args(Source)}


def agent_json(agent: Agent) -> dict[str, Any]:
    """All that is known of the agent."""
    said: dict[str, Any] = {field.name: getattr(agent, field.name) for field in fields(agent)}
    return {
        **said,
        **{name: list(said[name]) for name in _NAMES},
        "budget": dict(agent.budget),
        "output": None if agent.output is None else dict(agent.output),
        "extra": dict(agent.extra),
        "problems": [_problem_json(problem) for problem in agent.problems],
    }


def _problem_json(problem: Problem) -> dict[str, Any]:
    """Without what is not known of it."""
    found = {field.name: getattr(problem, field.name) for field in fields(problem)}
    return {name: value for name, value in found.items() if value is not None}


def agent_of(value: object) -> Agent:
    """The agent that was recorded so. `NodeError` of type `agent` if this is none."""
    if not isinstance(value, Mapping):
        raise _refused("it is no object")
    said = cast("Mapping[str, Any]", value)
    unknown = said.keys() - {field.name for field in fields(Agent)}
    if unknown:
        raise _refused(f"nobody knows `{min(unknown)}`")
    try:
        return Agent(**{name: _read(name, said[name]) for name in said})
    except TypeError as error:
        raise _refused(str(error)) from None


def _read(name: str, value: Any) -> Any:
    """One field. Whatever is no such field raises `TypeError`."""
    if name in _TEXTS:
        return _checked(name, value, str)
    if name in _NAMES:
        return tuple(_checked(name, each, str) for each in _checked(name, value, list))
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise TypeError(f"`{name}` is one of {', '.join(_CHOICES[name])}")
        return value
    if name == "problems":
        return tuple(Problem(**each) for each in _checked(name, value, list))
    if name == "max_turns":
        return _checked(name, value, int)
    return None if name == "output" and value is None else dict(_checked(name, value, dict))


def _checked(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"`{name}` is no {kind.__name__}")
    return value


def _refused(why: str) -> NodeError:
    return NodeError(f"what was recorded of the agent cannot be read: {why}", type="agent", retry=False)
