r"""`template.render`: placeholders and nothing else. No code, no loops, so the cost is the length of the text.

`{{ name }}` or `{{ order.lines.0.title }}`; a missing name is an error; text as it is, null as nothing, the rest as JSON.
`\{{` is a literal `{{`.
"""

import json
import re
from typing import Any, cast

from tenuto.sdk import NodeError, node

LONGEST = 10 * 1024 * 1024
_TOKEN = re.compile(r"\\\{\{|\{\{(.*?)\}\}|\{\{", re.DOTALL)
_PATH = re.compile(r"\w[\w-]*(\.\w[\w-]*)*")


@node("template.render")
async def render(template: str, values: dict[str, Any] | None = None) -> str:
    r"""Fill values into a text: `{{ name }}`, `{{ order.lines.0.title }}`. Write `\{{` for two plain braces.

    Args:
        template: The text with its placeholders.
        values: What the placeholders name.
    """
    parts: list[str] = []
    end = size = 0
    for token in _TOKEN.finditer(template):
        parts += [template[end : token.start()], _filled(token, values or {}, template)]
        size += len(parts[-1])
        if size > LONGEST:
            raise NodeError("the text grows beyond 10 MB", type="too_large", retry=False)
        end = token.end()
    return "".join([*parts, template[end:]])


def _filled(token: re.Match[str], values: dict[str, Any], template: str) -> str:
    if token[0].startswith("\\"):
        return "{{"
    path = (token[1] or "").strip()
    if not _PATH.fullmatch(path):
        line = template.count("\n", 0, token.start()) + 1
        raise _wrong(
            f"line {line}: `{token[0][:60]}` is no placeholder; write {{{{ name }}}} or {{{{ a.b.0 }}}}, \\{{{{ for plain braces"
        )
    return _text(_found(path, values))


def _found(path: str, values: dict[str, Any]) -> Any:
    value: Any = values
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = cast("dict[str, Any]", value)[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(cast("list[Any]", value)):
            value = cast("list[Any]", value)[int(step)]
        else:
            raise _wrong(f"`values` has no `{path}`: `{step}` is missing")
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _wrong(message: str) -> NodeError:
    return NodeError(message, type="input", retry=False)
