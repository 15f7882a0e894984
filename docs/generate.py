"""Writes the pages that say what the code says: expressions, figures, nodes, settings, states, the schema of a document.

`make docs` runs it; a test fails when a page is not what this would write.
"""

import json
import runpy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tenuto.cli.reference import reference as commands
from tenuto.core.expressions.reference import reference as expressions
from tenuto.core.flow import document_schema
from tenuto.core.machine import NODE, RUN, diagram
from tenuto.sdk import NodeDefinition, Registry
from tenuto.service.permissions import ALIASES, PERMISSIONS, ROLES
from tenuto.settings import table

FOLDER = Path(__file__).parent
NOTICE = "<!-- Written by `make docs`; change the code, not this page. -->\n\n"


def nodes() -> str:
    """Every library node, from its card and its signature."""
    registry = Registry()
    parts = ["# Nodes of the library\n", "What `use:` may name besides the nodes that are built in to every flow.\n"]
    for card in registry.cards():
        parts += [f"## {card.title}\n", f"{card.description}\n"]
        parts += [one_node(registry[name]) for name in card.nodes]
    return "\n".join(parts)


def one_node(node: NodeDefinition) -> str:
    required = node.input_schema.get("required", [])
    properties: Mapping[str, Any] = node.input_schema.get("properties", {})
    rows = [
        (code(name), kind(schema), usual(name, schema, required), schema.get("description", ""))
        for name, schema in properties.items()
    ]
    if node.open_form:
        rows.append(("any other key", "any JSON", "", "A parameter of its own"))
    facts = [f"ports: {', '.join(map(code, node.ports))}", f"effects: {code(node.effects)}"]
    if node.output_schema is not None:
        facts.insert(0, f"answers: {kind(node.output_schema)}")
    inputs = grid(("in `with`", "", "unless given", ""), rows) if rows else "It takes nothing.\n"
    return f"### `{node.name}`\n\n{node.description}\n\n{inputs}\n{'; '.join(facts)}.\n"


def kind(schema: Mapping[str, Any]) -> str:
    """What a schema asks for, in a few words."""
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    named = schema.get("type", "any JSON")
    if named == "object" and "properties" in schema:
        return f"object of {', '.join(map(code, schema['properties']))}"
    if named == "array" and schema.get("items"):
        return f"list of {kind(schema['items'])}"
    return str(named)


def usual(name: str, schema: Mapping[str, Any], required: Iterable[str]) -> str:
    return "required" if name in required else code(json.dumps(schema.get("default"), ensure_ascii=False))


def settings() -> str:
    """Every setting, from its field."""
    rows = [
        (code(name), code(variable) if variable else "only in the file", code(default) if default else "", doc)
        for name, variable, default, doc in table()
    ]
    text = (
        "# Settings\n\nA setting is given, from strongest to weakest, as an argument of the command, as an environment"
        " variable, in `tenuto.toml`, or not at all. Durations are written `30s`, `5m`, `2d`.\n"
    )
    return f"{text}\n{grid(('in `tenuto.toml`', 'in the environment', 'unless given', 'what it is'), rows)}"


def states() -> str:
    """The machine's table as diagrams."""
    return (
        "# States of nodes and runs\n\nDrawn from the table that the machine walks (`core/machine/table.py`). An arrow"
        " names the facts, or the conditions, that lead along it.\n\n"
        f"## A node\n\n```mermaid\n{diagram(NODE)}\n```\n\n## A run\n\n```mermaid\n{diagram(RUN)}\n```\n"
    )


def flow_schema() -> str:
    return json.dumps(document_schema(), indent=1, ensure_ascii=False) + "\n"


def api() -> str:
    """Every route of the server, from its description."""
    from tenuto.api.app import routes_only
    from tenuto.api.openapi import operations

    schema = routes_only().openapi()
    nouns: dict[str, list[tuple[str, ...]]] = {}
    for method, path, operation in operations(schema):
        row = (code(f"{method.upper()} {path}"), operation["summary"], code(operation["x-permission"]))
        nouns.setdefault(operation["tags"][0], []).append(row)
    parts = [
        "# The API\n",
        (
            "`tenuto up` answers at `http://127.0.0.1:8090`; `/docs` there shows the same with every parameter and an example of"
            " every body, and `/openapi.json` is for programs. A credential is sent as `Authorization: Bearer ...` or"
            " `X-API-Key: ...`. Errors are `application/problem+json`: `code` is for programs and never changes. Lists take"
            " `?limit=` and `?cursor=` and answer `{items, next_cursor}`. `X-Request-Id` goes in and comes out.\n"
        ),
    ]
    for noun, rows in sorted(nouns.items()):
        parts += [f"## {noun.capitalize()}\n", grid(("route", "", "permission"), rows)]
    return "\n".join(parts)


def figures() -> str:
    """What was measured last."""
    return str(runpy.run_path(str(FOLDER / "figures.py"))["page"](grid))


def permissions() -> str:
    """The table of permissions, the roles made of them, and what others call them."""
    parts = [
        "# Permissions\n",
        "`NOUN:*` is every action of a noun, `admin:*` is everything. What a route asks is in [the API](api.md).\n",
        grid(("permission", "", *ROLES), [permission(name, said) for name, said in PERMISSIONS.items()]),
        "## Roles\n",
        "Each has all of the one before. A tenant may make roles of its own: `PUT /v1/roles/{role}`.\n",
        grid(("role", ""), [(code(name), role.sentence) for name, role in ROLES.items()]),
        "## Names of other platforms\n",
        "They are taken wherever permissions are given, and mean ours.\n",
        grid(("theirs", "ours"), [(code(theirs), ", ".join(map(code, ours))) for theirs, ours in ALIASES.items()]),
    ]
    return "\n".join(parts)


def permission(name: str, said: str) -> tuple[str, ...]:
    return (code(name), said, *("✓" if name in role.permissions else "" for role in ROLES.values()))


def grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


PAGES: dict[str, Callable[[], str]] = {
    "reference/api.md": lambda: NOTICE + api(),
    "reference/cli.md": lambda: NOTICE + commands(),
    "reference/expressions.md": lambda: NOTICE + expressions(),
    "reference/figures.md": lambda: NOTICE + figures(),
    "reference/nodes.md": lambda: NOTICE + nodes(),
    "reference/permissions.md": lambda: NOTICE + permissions(),
    "reference/settings.md": lambda: NOTICE + settings(),
    "reference/states.md": lambda: NOTICE + states(),
    "reference/flow.schema.json": flow_schema,
}


def main() -> None:
    for name, write in PAGES.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(write(), encoding="utf-8")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
