"""An agent file: Markdown with YAML front matter, as an `Agent`, or as problems with their lines. Never raises.

Files of other coding agents are read as well: a name may be a title, tools may be a text with commas, keys that nobody
here knows are kept. What an agent can do without is a warning; what makes it another agent than its author meant is an error.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast, get_args

from tenuto.core.flow.canonical import canonical_text, hash_of
from tenuto.core.flow.findings import Findings, brief, integer, listing, mapping, number, what
from tenuto.core.flow.names import MAX_NAME, wrong_flow_name
from tenuto.core.problems import Problem, did_you_mean
from tenuto.documents.agent_tools import read_approve, read_tools
from tenuto.documents.front_matter import FrontMatter, take_apart
from tenuto.documents.text import Refused
from tenuto.documents.validate import check_schema
from tenuto.sdk.agents.agent import INHERIT, MAX_TURNS, Agent, RuntimeName, Source

KEYS: Final = (
    "name", "description", "team", "model", "runtime", "tools", "approve", "max_turns", "budget", "output",
)  # fmt: skip
RESERVED: Final = frozenset({"status", "execute"})  # `/v1/agents/execute` is no agent (SEMANTICS 45)
MOST_TURNS: Final = 1_000
SHORT: Final = 12  # digits of a version
LONGEST: Final[Mapping[str, int]] = {"name": 200, "team": 200, "description": 20_000}  # characters: they stand in lists

_RUNTIMES: Final[tuple[str, ...]] = get_args(RuntimeName)
_TOO_LARGE: Final = "an agent file says who the agent is; what it works on comes with its task"


@dataclass(slots=True)
class LoadedAgent:
    """What became of a file: `agent` is None where an error stands against it."""

    agent: Agent | None = None
    problems: list[Problem] = field(default_factory=list[Problem])
    said: str = ""  # the name that it gives itself, as far as it could be read

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]


def load_agent(source: bytes | str, *, name: str = "", team: str = "", origin: Source = "inline") -> LoadedAgent:
    """`name`, `team`: of a file that does not say its own. Its warnings stay with the agent."""
    try:
        front = take_apart(source)
    except Refused as refused:
        return LoadedAgent(None, [_in_our_words(refused.problem)], kebab(name))
    reader = _Reader(front.fields)
    agent = reader.agent(front, name, team, origin)
    problems = [*front.problems, *front.placed(reader.found.finished())]
    if agent is not None:
        agent = replace(agent, problems=tuple(problems))
    return LoadedAgent(agent, problems, reader.name(name))


def content_version(agent: Agent) -> str:
    """The same for what means the same: comments, order and form of the front matter do not count."""
    said = {key: getattr(agent, key) for key in (*KEYS, "extra", "prompt")}
    plain = {
        key: list(cast("tuple[str, ...]", value)) if type(value) is tuple else value for key, value in said.items()
    }
    return hash_of(canonical_text(plain))[:SHORT]


def kebab(title: str) -> str:
    """`Backend Developer` as a name: `backend-developer`; "" where nothing of it can stand in one."""
    ascii_ = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_)[:MAX_NAME].strip("-")


class _Reader:
    """One pass over the front matter."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields
        self.found = Findings()

    def agent(self, front: FrontMatter, name: str, team: str, origin: Source) -> Agent | None:
        prompt = front.body.strip()
        tools = read_tools(self.fields.get("tools"), self.found)
        self._check_name(name)
        agent = Agent(
            name=self.name(name),
            prompt=prompt,
            version="",
            description=self._text("description"),
            model=self._model(),
            tools=tools,
            team=self._text("team") or team,
            runtime=self._runtime(),
            max_turns=self._max_turns(),
            budget=self._budget(),
            approve=read_approve(self.fields.get("approve"), tools, self.found),
            output=self._output(),
            extra=self._extra(),
            source=origin,
        )
        if not prompt:
            self._no_prompt(front.body_line)
        return None if self.found.failed else replace(agent, version=content_version(agent))

    def name(self, otherwise: str) -> str:
        said = self.fields.get("name")
        return kebab(said if isinstance(said, str) and said.strip() else otherwise)

    def _check_name(self, otherwise: str) -> None:
        said, name = self.fields.get("name"), self.name(otherwise)
        if said is not None and not isinstance(said, str):
            self.found.error("name", "wrong_type", f"a name is text, not {what(said)}", "put it in quotes")
        elif said is not None and len(said) > LONGEST["name"]:
            self.found.error("name", "too_long", "a name has at most 200 characters", "the description may be longer")
        elif not name:
            self.found.error("name", "missing", "the agent has no name", "write `name: my-agent`")
        elif wrong_flow_name(name):
            self.found.error("name", "wrong_name", f"`{name}` is no name of an agent", "begin it with a letter")
        elif name in RESERVED:
            self.found.error("name", "reserved", f"`{name}` has a meaning of its own", "choose another name")

    def _no_prompt(self, line: int) -> None:
        self.found.failed = True
        hint = "write below the second `---` who the agent is and how it works"
        self.found.problems.append(Problem("", "no_prompt", "nothing stands below the front matter", hint, line=line))

    def _text(self, key: str) -> str:
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.found.error(key, "wrong_type", f"`{key}` is text, not {what(value)}", "put it in quotes")
            return ""
        if len(value) > LONGEST[key]:
            self.found.error(key, "too_long", f"`{key}` has at most {LONGEST[key]:,} characters", _SAY_BELOW)
        return value.strip()

    def _model(self) -> tuple[str, ...]:
        value = self.fields.get("model")
        names = [INHERIT] if value is None else [value] if isinstance(value, str) else listing(value)
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            hint = "write `provider:model`, `inherit`, or a list of which the first that answers is taken"
            self.found.error("model", "wrong_type", "`model` is a name, or a list of names", hint)
            return (INHERIT,)
        return tuple(name.strip() for name in cast("list[str]", names))

    def _runtime(self) -> RuntimeName:
        value = self.fields.get("runtime")
        if value is None:
            return "native"
        if value in _RUNTIMES:
            return cast("RuntimeName", value)
        hint = did_you_mean(str(value)[:MAX_NAME], _RUNTIMES) or f"there are {', '.join(_RUNTIMES)}"
        self.found.error("runtime", "unknown_runtime", f"there is no runtime `{brief(value)}`", hint)
        return "native"

    def _max_turns(self) -> int:
        value = self.fields.get("max_turns")
        turns = MAX_TURNS if value is None else integer(value)
        if turns is None or not 1 <= turns <= MOST_TURNS:
            message = f"`max_turns` is a whole number from 1 to {MOST_TURNS:,}"
            self.found.error("max_turns", "wrong_type", message, f"without it, {MAX_TURNS}")
            return MAX_TURNS
        return turns

    def _budget(self) -> Mapping[str, float]:
        value = self.fields.get("budget")
        limits = mapping({} if value is None else value)
        if limits is None:
            self.found.error("budget", "wrong_type", f"a budget is an object, not {what(value)}", _BUDGET)
            return {}
        for name, limit in limits.items():
            amount = number(limit) if name == "usd" else integer(limit)
            if name not in {"usd", "tokens"}:
                self.found.error(f"budget.{name}", "unknown_key", f"a budget has no `{brief(name)}`", _BUDGET)
            elif amount is None or amount <= 0:
                self.found.error(f"budget.{name}", "wrong_type", f"`{brief(limit)}` is no limit", _BUDGET)
        return cast("Mapping[str, float]", dict(limits))

    def _output(self) -> Mapping[str, Any] | None:
        value = self.fields.get("output")
        schema = mapping(value)
        if value is None or schema is None:
            if value is not None:
                hint = "for example `output: {type: object, properties: {title: {type: string}}}`"
                self.found.error("output", "wrong_type", f"`output` is a JSON Schema, not {what(value)}", hint)
            return None
        for problem in check_schema(schema, "output"):
            self.found.error(problem.path, problem.code, problem.message, problem.hint)
        return dict(schema)

    def _extra(self) -> dict[str, object]:
        extra = {key: value for key, value in self.fields.items() if key not in KEYS}
        for key in extra:
            if near := _NEAR.get(_squashed(key)):
                message = f"`{brief(key)}` is kept, and means nothing here"
                self.found.warn(key, "unknown_key", message, f"did you mean `{near}`?")
        said = self.fields.get("name")
        if isinstance(said, str) and said.strip() and kebab(said) != said.strip():
            extra.setdefault("title", said.strip())
        return extra


_SAY_BELOW: Final = "what the agent shall know stands below the second `---`"
_BUDGET: Final = "write `budget: {usd: 0.50, tokens: 100000}`, one of them or both"


def _squashed(key: str) -> str:
    """What is left of a key when its spelling is forgotten: `maxTurns`, `max-turns` and `max_turn` are one."""
    return re.sub(r"[^a-z]", "", key.lower()).removesuffix("s")


_NEAR: Final = {_squashed(key): key for key in KEYS}


def _in_our_words(problem: Problem) -> Problem:
    if problem.code == "too_large":
        return replace(problem, hint=_TOO_LARGE)
    return replace(problem, message=problem.message.replace("flows do not have", "agent files do not have"))
