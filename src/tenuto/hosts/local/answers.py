"""Whether an answer to what an agent asks is welcome: while it asks, once, and only what can be one.

A word about a call of a tool that comes before the call is known would hold for whatever the agent asks first. So unlike
other signals it is not kept for later.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from tenuto.core.machine import NodeState, State, wait_for
from tenuto.hosts.local.forms import misfit
from tenuto.ports.engine import Refused
from tenuto.service.inputs import check

Refusal = tuple[str, str, str]  # code, message, hint

_ASKED: Final = re.compile(r"(?:.*/)?(?:tool|budget):[0-9]+")
_SHOWN: Final = 3
_YES_OR_NO: Final = 'send {"approved": true} or {"approved": false, "comment": "why"}'
_CHANGED: Final = 'send {"approved": true, "form": {"arguments": {…}}}, or leave the form out'
_MORE_OR_STOP: Final = 'send {"add": {"usd": 1}} (or tokens, or turns), or {"stop": true}'


def refuse_unfit(state: State, name: str, payload: Any) -> None:
    """Raises `Refused` for an answer that does not fit what it answers."""
    unfit = misfit(state, name, payload)
    if unfit is not None:
        raise unfit
    unwanted = unwelcome(state, name, payload)
    if unwanted is not None:
        raise Refused(*unwanted)


def unwelcome(state: State, name: str, payload: Any) -> Refusal | None:
    """Why an answer of that name is refused; None if it is welcome, or no answer to an agent at all."""
    found = _asker(state, name)
    if found is None:
        return None
    ns, key = found
    waiting = wait_for(ns, name) if ns in state.waiters.get(name, ()) else None
    if waiting is None:
        return _too_early_or_late(ns, name, key)
    ask = waiting.get("ask")
    if not isinstance(ask, Mapping):
        return None
    asked = cast("Mapping[str, Any]", ask)
    look = _LOOKS.get(str(asked.get("kind")))
    return None if look is None else look(asked, payload)


def _asker(state: State, name: str) -> tuple[NodeState, str] | None:
    """The library node that a name begins with, and the key in it."""
    at = name.find("/")
    while at > 0:
        ns = state.nodes.get(name[:at])
        if ns is not None and ns.node.is_library:
            return ns, name[at + 1 :]
        at = name.find("/", at + 1)
    return None


def _too_early_or_late(ns: NodeState, name: str, key: str) -> Refusal | None:
    if not _ASKED.fullmatch(key):
        return None
    if key in (ns.steps or {}) or ns.settled:
        return "answered", f"`{name}` has been answered", ""
    return "conflict", f"nothing is asked at `{name}` now", "answer when it is: what it asks is shown then"


def _approval(ask: Mapping[str, Any], payload: Any) -> Refusal | None:
    answer = _answer(payload)
    if answer is None or not isinstance(answer.get("approved"), bool):
        return "invalid", "this asks for a yes or a no", _YES_OR_NO
    if answer.get("hash") not in (None, ask.get("hash")):
        return "conflict", "the arguments are not those that this answer is about", "look at them again"
    return None if answer.get("form") in (None, {}) else _edited(ask, answer["form"])


def _edited(ask: Mapping[str, Any], given: Any) -> Refusal | None:
    """Whoever misspells a change must not have approved what they wanted to change."""
    form = _answer(given) or {}
    if list(form) != ["arguments"]:
        return "invalid", "the form of this is other arguments, and nothing else", _CHANGED
    if not isinstance(form["arguments"], Mapping):
        return "invalid", "form.arguments: arguments are an object", _CHANGED
    if not isinstance(ask.get("schema"), Mapping):
        return None
    return _misfit(cast("Mapping[str, Any]", ask["schema"]), form["arguments"], "form.arguments")


def _question(ask: Mapping[str, Any], payload: Any) -> Refusal | None:
    answer, form = _answer(payload), ask.get("form")
    if answer is None or not isinstance(form, Mapping):
        return None
    if "form" not in answer and (answer.get("approved") is False or answer.get("comment")):
        return None  # who says something else instead
    return _misfit(cast("Mapping[str, Any]", form), answer.get("form"), "form")


def _budget(ask: Mapping[str, Any], payload: Any) -> Refusal | None:
    del ask
    answer = _answer(payload) or {}
    add = _answer(answer.get("add")) or {}
    welcome = answer.get("stop") is True or isinstance(answer.get("approved"), bool)
    if welcome or (add and all(_amount(unit, value) for unit, value in add.items())):
        return None
    return "invalid", "this asks for more of a budget", _MORE_OR_STOP


def _amount(unit: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return unit in ("usd", "tokens", "turns") and number


def _answer(payload: Any) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", payload) if isinstance(payload, Mapping) else None


def _misfit(schema: Mapping[str, Any], value: Any, root: str) -> Refusal | None:
    problems = check(schema, value, root)
    if not problems:
        return None
    said = "; ".join(f"{problem.path}: {problem.message}" for problem in problems[:_SHOWN])
    return "invalid", said, "what was asked says what an answer looks like"


_LOOKS: Final[Mapping[str, Callable[[Mapping[str, Any], Any], Refusal | None]]] = {
    "approval": _approval,
    "question": _question,
    "budget": _budget,
}
