"""Which names a flow may give: of flows, nodes, cases; and the words that mean something already (SEMANTICS 2)."""

import re
from typing import Final

from tenuto.core.expressions import parser as expressions

FLOW_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
NODE_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
MAX_NAME: Final = 63

# Reserved by CEL: a node of such a name could not be referenced.
CEL_WORDS: Final = expressions.RESERVED | {"true", "false", "null"}
# Names that the language gives.
GIVEN: Final = frozenset(["input", "item", "index", "turn", "run", "vars", "secrets", "trigger"])
RESERVED: Final = CEL_WORDS | GIVEN

# Never the name of a case: these ports have a meaning of their own.
REFUSED_CASES: Final = frozenset({"default", "error"})


def wrong_flow_name(name: str) -> str:
    """Why this is no name of a flow, or nothing."""
    if FLOW_NAME.fullmatch(name) and len(name) <= MAX_NAME:
        return ""
    return "a flow's name is lower-case words joined by hyphens, at most 63 characters"


def wrong_id(name: str) -> str:
    """Why this is no id of a node, or nothing."""
    if name in GIVEN:
        return f"`{name}` already has a meaning in expressions"
    if name in CEL_WORDS:
        return f"`{name}` is a reserved word of expressions"
    if NODE_ID.fullmatch(name):
        return ""
    return "an id starts with a lower-case letter and holds lower-case letters, digits and _, at most 63 characters"


def better_id(name: str) -> str:
    """The nearest id that would do, for a hint."""
    near = re.sub(r"[^a-z0-9]+", "_", name[:MAX_NAME].lower(), flags=re.ASCII).strip("_")
    if near in RESERVED:
        near = f"{near}_"
    return f"write `{near}`" if near and near != name and not wrong_id(near) else ""


def wrong_case(name: object) -> str:
    """Why this is no case of a switch, or nothing."""
    if not isinstance(name, str):
        return "a case is text"
    if name in REFUSED_CASES:
        return f"`{name}` has a meaning of its own"
    if not name or len(name) > MAX_NAME or name != name.strip() or name.endswith("?"):
        return "a case is 1 to 63 characters, with no space around it and no ? at its end"
    return ""
