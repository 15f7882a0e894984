"""`scripted:FILE`: a model that says what a file says, as a real one would: in pieces, with tool calls and a usage.

For demos and tests. Wherever a model is shown its name begins with `scripted:`, so that nobody takes it for another.
"""

import asyncio
import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from tenuto.documents.from_json import parse as parse_json
from tenuto.documents.from_yaml import parse as parse_yaml
from tenuto.documents.text import Refused
from tenuto.models.content import text_of
from tenuto.models.sample import sample
from tenuto.models.scripts import Script, WrongScript, read_script, said, system_of, task_of
from tenuto.sdk.agents import Answer, Ask, ModelError, ModelSpec, ToolCall, Usage, wire_name
from tenuto.sdk.agents.model import Tell

DEMO: Final = "demo"
LARGEST: Final = 1_000_000  # bytes of a script
_PIECE: Final = 12  # characters
_TOKEN: Final = 4  # characters, about
_QUOTED: Final = 200


class Scripted:
    """A `Model` that plays a script. Deterministic: the conversation alone says where it is."""

    def __init__(self, script: Script, name: str) -> None:
        self._script = script
        self._name = name
        self._failed: dict[str, int] = {}

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        try:
            found = self._script.answer(ask)
        except WrongScript as error:
            raise ModelError(f"{self._name}: {error}", retry=False) from None
        self._maybe_fail(found, key)
        text = filled(said(found, sample(ask.get("output"))), ask, self._name)
        await self._speak(text, tell)
        calls = _calls(found, ask)
        answer: Answer = {
            "text": text,
            "tool_calls": calls,
            "usage": usage_of(found, ask, text, calls),
            "model": self._name,
            "stop": cast("Any", found.get("stop")) or ("tools" if calls else "end"),
        }
        if "thinking" in found:
            answer["thinking"] = found["thinking"]
        return answer

    async def _speak(self, text: str, tell: Tell) -> None:
        for piece in pieces(text):
            await asyncio.sleep(self._script.delay)  # at 0, others have their turn
            tell(piece)

    def _maybe_fail(self, answer: Mapping[str, Any], key: str) -> None:
        error = answer.get("error")
        if error is None:
            return
        wrong: dict[str, Any] = cast("dict[str, Any]", error) if isinstance(error, dict) else {"message": str(error)}
        times = wrong.get("times")
        if isinstance(times, int):
            if self._failed.get(key, 0) >= times:
                return
            self._failed[key] = self._failed.get(key, 0) + 1
        status = wrong.get("status", 503)
        raise ModelError(
            f"{self._name} answered {status}: {wrong.get('message', 'as its script says')}",
            retry=status in {408, 409, 429} or status >= 500,
            retry_after=wrong.get("retry_after"),
        )


def make(spec: ModelSpec) -> Scripted:
    """The model of `scripted:demo` or `scripted:FILE`. Raises `ModelError` where the script cannot be played."""
    script = demo() if spec.model == DEMO else load(Path(spec.model))
    return Scripted(script, spec.name)


@functools.cache
def demo() -> Script:
    text = (resources.files("tenuto.models") / "demo.yaml").read_text(encoding="utf-8")
    return read_script(parse_yaml(text))


def load(file: Path) -> Script:
    """What a file says. What is wrong with it is told by its place, never by its content, which may be none of ours."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(f"the script {file} cannot be read: {error.strerror}", retry=False) from None
    if len(raw) > LARGEST:
        raise ModelError(f"the script {file} is larger than {LARGEST} bytes", retry=False)
    try:
        text = raw.decode()
        return read_script(parse_json(text) if file.suffix == ".json" else parse_yaml(text))
    except Refused as refused:
        where = f", line {refused.problem.line}" if refused.problem.line else ""
        raise ModelError(f"the script {file} is no {file.suffix[1:].upper() or 'YAML'}{where}", retry=False) from None
    except (WrongScript, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, WrongScript) else "it is no text"
        raise ModelError(f"the script {file} cannot be played: {why}", retry=False) from None


def pieces(text: str) -> Iterator[str]:
    """A text as a model would stream it: a few words at a time, nothing lost."""
    start = 0
    while start < len(text):
        end = text.find(" ", start + _PIECE)
        end = len(text) if end < 0 or end - start > 4 * _PIECE else end + 1
        yield text[start : min(end, start + 4 * _PIECE)]
        start = min(end, start + 4 * _PIECE)


def _calls(answer: Mapping[str, Any], ask: Ask) -> list[ToolCall]:
    """Ids differ from turn to turn, and are the same when the same turn is asked again."""
    turn = sum(1 for message in ask["messages"] if message["role"] == "assistant") + 1
    made: list[ToolCall] = []
    for number, call in enumerate(cast("list[dict[str, Any]]", answer.get("calls", [])), 1):
        given: Any = call.get("arguments", {})
        made.append(
            {
                "id": str(call.get("id") or f"call_{turn}_{number}"),
                "name": wire_name(call["tool"]),
                "arguments": cast("dict[str, Any]", given) if isinstance(given, dict) else {},
            }
        )
        if not isinstance(given, dict):
            made[-1]["wrong"] = "the arguments are no JSON object"
    return made


def usage_of(answer: Mapping[str, Any], ask: Ask, text: str, calls: list[ToolCall]) -> Usage:
    """As the script says, else about a token for four characters."""
    told = cast("Usage", answer.get("usage") or {})
    given = sum(len(text_of(message)) for message in ask["messages"]) // _TOKEN + 1
    taken = (len(text) + sum(len(json.dumps(call["arguments"])) for call in calls)) // _TOKEN + 1
    usage: Usage = {"input_tokens": given, "output_tokens": taken, **told}
    usage.setdefault("tokens", usage.get("input_tokens", 0) + usage.get("output_tokens", 0))
    return usage


def filled(text: str, ask: Ask, name: str) -> str:
    """`{task}`, `{role}` and `{model}` in a text mean what was asked, who was asked, and this model."""
    if "{" not in text:
        return text
    values = {"{task}": _short(task_of(ask)), "{role}": _role(ask), "{model}": name}
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _role(ask: Ask) -> str:
    if ask.get("agent"):
        return str(ask.get("agent"))
    lines = [line.strip("# ").strip() for line in system_of(ask).splitlines()]
    return _short(next((line for line in lines if line), "an agent"))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"
