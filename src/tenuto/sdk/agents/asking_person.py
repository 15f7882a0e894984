"""`ask_person`: the tool with which an agent asks a person, in words or with a form. The run waits, for days if need be."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context

NAME: Final = "ask_person"


class AskPerson:
    name = NAME
    description = (
        "Ask the person you work for, and wait for the answer. Use it when you cannot go on without knowing or deciding "
        "something that only they can say. Ask one clear question."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "question": {"type": "string", "minLength": 1, "description": "The question, complete in itself"},
            "form": {
                "type": "object",
                "description": "A JSON Schema of the answer (an object with properties), where you need fields and not words",
            },
        },
        "required": ["question"],
        "additionalProperties": False,
    }
    effects: Effects = "idempotent"
    durable = True
    timeout = None
    trusted = True
    sends = False

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        """What the person says: text, or the object that the form asks for."""
        ask: dict[str, Any] = {"kind": "question", "question": arguments["question"]}
        if isinstance(arguments.get("form"), dict):
            ask["form"] = arguments["form"]
        return told(await ctx.suspend(key, ask=ask))


def told(answer: Any) -> Any:
    """The words of an answer, however it was given."""
    said = cast("dict[str, Any]", answer).get("signal") if isinstance(answer, dict) else None
    if not isinstance(said, dict):
        return said
    word = cast("dict[str, Any]", said)
    for name in ("form", "answer", "text", "comment"):
        if word.get(name) not in (None, "", {}):
            return word[name]
    if isinstance(word.get("approved"), bool):
        return "yes" if word["approved"] else "no"
    return json.dumps(word, ensure_ascii=False)
