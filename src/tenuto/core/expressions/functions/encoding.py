"""JSON and base64, to text and back."""

import json
import re
from base64 import b64decode, b64encode
from typing import Any, Final

from tenuto.core.expressions.errors import ExpressionError, wrong_argument
from tenuto.core.expressions.functions.function import ANY, BYTES, TEXT, Function, Group
from tenuto.core.expressions.kinds import Cel
from tenuto.core.expressions.output import json_text, leave
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import MAX_DEPTH, NotJson, check_json

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*(={0,2})")


def _json_encode(scope: Scope, value: Cel) -> str:
    return json_text(scope, leave(scope, value))


def _json_decode(scope: Scope, text: str) -> Cel:
    scope.build(len(text))
    scope.spend((len(text) >> 3) + 3 * (text.count(",") + text.count(":")))
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_deep(text)
    try:
        value: Any = json.loads(text, parse_constant=_refuse_constant)
        check_json(value, "the JSON")
    except ValueError as error:  # NotJson, JSONDecodeError, or an integer of thousands of digits
        raise wrong_argument(f"the text is no JSON: {error}") from None
    return value


def _refuse_deep(text: str) -> None:
    depth = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if depth > MAX_DEPTH:
            raise ExpressionError("depth", f"the JSON is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> Cel:
    raise NotJson(f"it holds {name}")


def _base64_encode(scope: Scope, value: bytes) -> str:
    scope.build(len(value) * 2)
    return b64encode(value).decode()


def _base64_decode(scope: Scope, text: str) -> bytes:
    scope.build(len(text))
    scope.spend(len(text) >> 3)
    packed = "".join(text.split())
    match = _BASE64.fullmatch(packed)
    padding = -len(packed.rstrip("=")) % 4
    if not match or padding == 3 or (match[1] and len(match[1]) != padding):
        raise wrong_argument("the text is no base64")
    return b64decode(packed.rstrip("=") + "=" * padding)


_FUNCTIONS: Final = (
    Function("base64.decode", _base64_decode, (TEXT,), "base64.decode(string) -> bytes",
        "The bytes; `string(…)` makes text of them.", "string(base64.decode('aGk='))", "hi", style="global", cost=20),
    Function("base64.encode", _base64_encode, (BYTES,), "base64.encode(bytes) -> string",
        "The bytes as text; `bytes(…)` makes bytes of a text.", "base64.encode(bytes('hi'))", "aGk=", style="global"),
    Function("json.decode", _json_decode, (TEXT,), "json.decode(string) -> value",
        "The value that a JSON text says.", """json.decode('{"a": [1, 2]}').a[1]""", 2, style="global", cost=80),
    Function("json.encode", _json_encode, (ANY,), "json.encode(value) -> string",
        "The value as compact JSON.", "json.encode({'a': [1, null]})", '{"a":[1,null]}', style="global", cost=30),
)  # fmt: skip

GROUP: Final = Group("JSON and base64", _FUNCTIONS)
