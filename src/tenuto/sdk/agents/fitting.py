"""Whether a value fits a JSON Schema that somebody else wrote: in sentences that a model can read and act on."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tenuto.sdk.json_schema import misfits

_SAID: Final = 10  # sentences; whoever corrects that many asks again
_LONGEST: Final = 300  # characters of one


def unfit(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with the value, each with its place (`questions[0].text: …`); nothing if it fits."""
    try:
        return [_sentence(error) for error in misfits(json.dumps(schema), value, _SAID)]
    except ValueError as error:  # a schema that is none, or a value that is not JSON
        return [f"it cannot be checked: {_line(str(error))}"]


def _sentence(error: Any) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    said = _line(error.message)
    return f"{place}: {said}" if place else said


def _line(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"
