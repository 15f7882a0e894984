"""What each structure node has in `with`: one function a node, in one table. Library nodes are in `fit.py`."""

from collections.abc import Callable
from typing import Final

from tenuto.core.durations import parse_timestamp
from tenuto.core.flow.draft import Draft
from tenuto.core.flow.findings import brief, has_expression, integer, listing, mapping, number, under, what
from tenuto.core.flow.inputs import check_schema
from tenuto.core.flow.names import wrong_case, wrong_flow_name
from tenuto.core.flow.parts import Part, is_expression, texts


def read_inputs(draft: Draft, part: Part) -> None:
    """Fill `draft.inputs` from `with`; `part` is that object."""
    owner = f"`{draft.use}`"
    part.only(draft.kind.inputs, owner)
    part.need(draft.kind.required_inputs, owner)
    _CHECKS.get(draft.use, _anything)(draft, part)
    for key in draft.kind.inputs:
        if key in part.members and key != "cases" and key not in draft.inputs and (value := part.value(key)):
            draft.inputs[key] = value


def _anything(_: Draft, _part: Part) -> None:
    """Any value will do."""


def _if(draft: Draft, part: Part) -> None:
    if "condition" in part.members and (value := part.decision("condition")):
        draft.inputs["condition"] = value


def _switch(draft: Draft, part: Part) -> None:
    cases = part.members.get("cases")
    conditions = mapping(cases)
    if conditions is not None:
        _conditions(draft, Part(conditions, part.at("cases"), part.findings))
    elif listing(cases) is not None:
        _listed_cases(draft, part)
    elif "cases" in part.members:
        part.wrong("cases", "wrong_type", f"`cases` is {what(cases)}", "write `cases: [a, b]` or `cases: {a: ${…}}`")


def _listed_cases(draft: Draft, part: Part) -> None:
    names: list[str] = []
    for index, name in enumerate(listing(part.members["cases"]) or ()):
        path = under(part.at("cases"), index)
        if reason := wrong_case(name):
            part.findings.error(path, "wrong_case", f"{brief(name)} cannot be a case: {reason}", _case_hint(name))
        elif name in names:
            part.findings.error(path, "duplicate", f"the case `{name}` stands twice")
        names.append(str(name))
    if not names:
        part.wrong("cases", "wrong_value", "`cases` is empty")
    if "value" not in part.members:
        part.findings.error(part.path, "missing_key", "a `switch` with a list of cases needs `value`")
    draft.cases = tuple(dict.fromkeys(names))


def _case_hint(name: object) -> str:
    if isinstance(name, bool):
        return "use an `if` for true and false"
    return f'write "{name}"' if number(name) is not None else ""


def _conditions(draft: Draft, part: Part) -> None:
    for name in part.members:
        if reason := wrong_case(name):
            part.wrong(name, "wrong_case", f"{brief(name)} cannot be a case: {reason}")
    if not part.members:
        part.findings.error(part.path, "wrong_value", "`cases` is empty")
    pairs = [(name, part.decision(name)) for name in part.members]
    draft.cases = tuple(part.members)
    draft.conditions = tuple((name, value) for name, value in pairs if value is not None)


def _wait(draft: Draft, part: Part) -> None:
    given = [key for key in draft.kind.inputs if key in part.members]
    if len(given) != 1:
        said = "none" if not given else " and ".join(f"`{key}`" for key in given)
        part.findings.error(part.path, "wrong_value", f"`wait` needs one of `for`, `until`, `signal`; it has {said}")
    if "for" in part.members and not has_expression(part.members["for"]):
        part.seconds("for", 0.0)
    if "until" in part.members:
        _check_until(part)
    if "signal" in part.members and not part.text("signal", "?"):
        part.wrong("signal", "wrong_value", "a signal has a name")
    if "timeout" in draft.outer and given != ["signal"]:
        part.findings.warn(draft.path, "no_effect", f"`timeout` means nothing beside `{given[0] if given else 'for'}`")


def _check_until(part: Part) -> None:
    until = part.members["until"]
    literal = isinstance(until, str) and not has_expression(until)
    if (literal and parse_timestamp(str(until)) is None) or (not isinstance(until, str) and number(until) is None):
        part.wrong("until", "wrong_time", f"`until` is {brief(until)}, not a time", "write 2030-01-31T09:00:00Z")


def _approval(_: Draft, part: Part) -> None:
    if "question" in part.members:
        part.text("question")
    form = part.members.get("form")
    schema = mapping(form)
    if schema is not None:
        check_schema(schema, part.at("form"), part.findings)
    elif "form" in part.members:
        part.wrong(
            "form", "wrong_type", f"`form` is {what(form)}, not a JSON Schema", "write `form: {type: object, …}`"
        )
    if "assignees" in part.members and not is_expression(part.members["assignees"]):
        texts(part, "assignees")


def _call(_: Draft, part: Part) -> None:
    name = part.text("flow") if "flow" in part.members else ""
    if name and not has_expression(name) and (reason := wrong_flow_name(name)):
        part.wrong("flow", "wrong_name", f"`{brief(name)}` is no flow: {reason}")
    version = part.members.get("version")
    if "version" in part.members and not isinstance(version, str) and not integer(version):
        part.wrong("version", "wrong_type", f"`version` is {what(version)}, not the number of a version")
    given = part.members.get("input", {})
    if mapping(given) is None and not is_expression(given):
        part.wrong("input", "wrong_type", f"`input` is {what(given)}, not an object")


def _fail(_: Draft, part: Part) -> None:
    for key in ("message", "type"):
        if key in part.members:
            part.text(key)


_CHECKS: Final[dict[str, Callable[[Draft, Part], None]]] = {
    "if": _if,
    "switch": _switch,
    "wait": _wait,
    "approval": _approval,
    "call": _call,
    "fail": _fail,
}
