"""Whether the answer to an approval fits the form that it asked for."""

from collections.abc import Mapping
from typing import Any, cast

from tenuto.core.machine import State
from tenuto.service.inputs import check
from tenuto.service.refusals import Invalid


def misfit(state: State, name: str, payload: Any) -> Invalid | None:
    """Why the payload does not fit the form of the approval of that name, field by field; None if it does, or there is none."""
    ns = state.nodes.get(name)
    form = (ns.input or {}).get("form") if ns is not None and ns.node.use == "approval" else None
    if not isinstance(form, Mapping) or not isinstance(payload, Mapping):
        return None
    answer = cast("Mapping[str, Any]", payload)
    if answer.get("approved") is not True and answer.get("form") is None:
        return None  # who rejects need not fill in the form
    problems = check(cast("Mapping[str, Any]", form), answer.get("form"), "form")
    return (
        Invalid("the answer does not fit", problems, "the approval says what its form asks for") if problems else None
    )
