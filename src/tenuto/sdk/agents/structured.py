"""Answers that must fit a JSON Schema: read, checked, asked for once more where they do not fit, then a clear failure.

The same for every model and every runtime. Whoever asks durably gives its own `ask`, so that both questions are steps.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.messages import Answer, Ask, Message
from tenuto.sdk.agents.model import ModelError

_FENCE: Final = re.compile(
    r"```[\w-]*[^\S\n]*\n(.*?)```", re.DOTALL
)  # a model's text: read in one sweep, whatever it is
_SHOWN: Final = 4_000  # characters of a wrong answer that are given back
_AT_HAND: Final = 8  # places where a value may begin, tried in turn


@dataclass(slots=True, frozen=True)
class Reading:
    """What an answer's text holds. `problems`: why it is not what was asked for; then `data` means nothing."""

    data: Any = None
    problems: tuple[str, ...] = ()


def read(text: str, schema: Mapping[str, Any]) -> Reading:
    """The JSON of an answer, also where it stands in a fence or between words."""
    found = False
    wrong: list[str] = []
    for value in _values(text):
        problems = unfit(schema, value)
        if not problems:
            return Reading(value)
        wrong = wrong or problems
        found = True
    return Reading(problems=tuple(wrong) if found else ("the answer holds no JSON",))


def again(answer: Answer, problems: tuple[str, ...], schema: Mapping[str, Any]) -> list[Message]:
    """What is added to the conversation so that the model gets it right: its own answer, what is wrong with it, and the
    schema, for not every provider shows it to its model."""
    said = "\n".join(f"- {problem}" for problem in problems)
    return [
        {"role": "assistant", "content": answer["text"][:_SHOWN] or "(nothing)"},
        {
            "role": "user",
            "content": "This does not fit the JSON Schema that was asked for:\n"
            f"{said}\nThe schema is:\n{json.dumps(schema, ensure_ascii=False)[:_SHOWN]}\n"
            "Answer again, with the corrected JSON and nothing else.",
        },
    ]


async def fitted(question: Ask, ask: Callable[[Ask], Awaitable[Answer]]) -> Answer:
    """The answer with its `data`, where the question has an `output`. An answer that calls tools is given back as it is.

    `ask` is called once or twice. `ModelError` (not to be retried) if the second answer does not fit either. The
    `usage` is that of the last call: each call's own rides on its step.
    """
    schema = question.get("output")
    answer = await ask(question)
    if schema is None or answer["tool_calls"]:
        return answer
    reading = read(answer["text"], schema)
    if reading.problems:
        answer = await ask({**question, "messages": [*question["messages"], *again(answer, reading.problems, schema)]})
        reading = read(answer["text"], schema)
    if answer["tool_calls"]:
        return answer
    if reading.problems:
        raise ModelError(
            f"{answer['model']} gave twice an answer that does not fit its output schema: {'; '.join(reading.problems)}",
            retry=False,
        )
    return {**answer, "data": reading.data}


def _values(text: str) -> list[Any]:
    """What may be meant: the whole, what a fence holds, what begins at a bracket."""
    fence = _FENCE.search(text)
    candidates = [text, *([fence[1]] if fence else [])]
    found = [value for candidate in candidates if (value := _whole(candidate)) is not _NONE]
    return found or _inside(text)


_NONE: Final[Any] = object()


def _whole(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _NONE


def _inside(text: str) -> list[Any]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    found: list[Any] = []
    for start in [match.start() for match in re.finditer(r"[{\[]", text)][:_AT_HAND]:
        try:
            found.append(decoder.raw_decode(text, start)[0])
        except (ValueError, RecursionError):
            continue
    return found


def _refuse(name: str) -> Any:
    raise ValueError(name)
