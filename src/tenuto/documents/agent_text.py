"""An agent file written out of its fields. Read again, it is the same agent."""

from collections.abc import Mapping
from typing import Final, cast

from tenuto.core.flow.findings import mapping
from tenuto.core.problems import Problem
from tenuto.documents.agent_file import KEYS
from tenuto.documents.dump import dump
from tenuto.documents.front_matter import take_apart
from tenuto.documents.text import Refused
from tenuto.sdk.agents.agent import INHERIT, MAX_TURNS, Agent

_UNSAID: Final[Mapping[str, object]] = {
    "model": [INHERIT], "runtime": "native", "max_turns": MAX_TURNS, "description": "", "team": "", "tools": [], "approve": [],
    "budget": {}, "output": None,
}  # fmt: skip


def agent_text(agent: Agent) -> str:
    """Without what needs no saying."""
    fields: dict[str, object] = {}
    for key in KEYS:
        value: object = getattr(agent, key)
        plain = list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
        if key not in _UNSAID or plain != _UNSAID[key]:
            fields[key] = agent.model[0] if key == "model" and len(agent.model) == 1 else plain
    return agent_text_of({**fields, "extra": agent.extra, "prompt": agent.prompt})


def agent_text_of(fields: Mapping[str, object]) -> str:
    """Of an object with the keys of the front matter, `prompt` (the body) and `extra` (further keys).

    Nothing is checked but what could not be written: `Refused`.
    """
    prompt = fields.get("prompt")
    extra = mapping(fields.get("extra", {}))
    if not isinstance(prompt, str):
        raise Refused(Problem("prompt", "missing", "`prompt` says who the agent is, as text", "write `prompt`"))
    if extra is None:
        raise Refused(Problem("extra", "wrong_type", "`extra` is an object", "leave it out"))
    others = {key: value for key, value in fields.items() if key not in {"prompt", "extra", *KEYS}}
    head = {key: fields[key] for key in KEYS if key in fields} | others
    head |= {key: value for key, value in extra.items() if key not in head}
    return f"---\n{dump(head) if head else ''}---\n\n{prompt.strip()}\n"


def completed(source: str, agent: Agent) -> str:
    """The file with the name and the team of the agent, where it does not say them itself; otherwise as it was written."""
    said = take_apart(source).fields
    missing = {key: getattr(agent, key) for key in ("name", "team") if not said.get(key) and getattr(agent, key)}
    if not missing:
        return source
    fence, line, rest = source.lstrip("\ufeff\r\n\t ").partition("\n")
    return f"{fence}{line}{dump(missing)}{rest}"
