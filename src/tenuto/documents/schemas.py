"""The JSON Schemas that a flow holds: of its input, of the forms of its approvals. A validator is asked only if need be."""

from tenuto.core.flow import Body, Flow
from tenuto.core.flow.findings import mapping, under
from tenuto.core.problems import Problem
from tenuto.documents.validate import check_schema


def wrong_schemas(flow: Flow) -> list[Problem]:
    """What is wrong with them."""
    found = _wrong_input(flow)
    bodies: list[tuple[str, Body | None]] = [("nodes", flow.body), ("finally.nodes", flow.finally_)]
    for path, body in bodies:
        for node in body.nodes.values() if body else ():
            at = under(path, node.id)
            if node.body is not None:
                bodies.append((f"{at}.nodes", node.body))
            form = mapping(node.with_["form"].source) if node.use == "approval" and "form" in node.with_ else None
            found += check_schema(form, f"{at}.with.form") if form is not None else []
    return found


def _wrong_input(flow: Flow) -> list[Problem]:
    written = mapping(flow.document.get("input")) or {}
    full = mapping(written.get("schema")) if len(written) == 1 else None
    if full is not None:
        return check_schema(full, "input.schema")
    properties = mapping((flow.input_schema or {}).get("properties")) or {}
    return [
        problem
        for name, field in written.items()
        if not _plain(field)
        for problem in check_schema(mapping(properties[name]) or {}, under("input", name))
    ]


def _plain(field: object) -> bool:
    """Whether a field of the shorthand says no more than its type and default, which the reader has checked."""
    part = mapping(field)
    return part is None or part.keys() <= {"type", "default"}
