"""Whether the answer to an approval fits the form that it asked for."""

from collections.abc import Mapping
from typing import Any, cast

from tenuto.core.machine import State
from tenuto.service.inputs import check

_SHOWN = 3


def misfit(state: State, name: str, payload: Any) -> str | None:
    """Why the payload does not fit the form of the approval of that name; None if it does, or there is none."""
    ns = state.nodes.get(name)
    form = (ns.input or {}).get("form") if ns is not None and ns.node.use == "approval" else None
    if not isinstance(form, Mapping) or not isinstance(payload, Mapping):
        return None
    answer = cast("Mapping[str, Any]", payload)
    if answer.get("approved") is not True and answer.get("form") is None:
        return None  # who rejects need not fill in the form
    problems = check(cast("Mapping[str, Any]", form), answer.get("form"), "form")
    if not problems:
        return None
    return "; ".join(f"{problem.path}: {problem.message}" for problem in problems[:_SHOWN])
