"""`tenuto nodes`: the library, one node of it, a new one."""

from typing import Annotated, Any

import typer

from tenuto.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("nodes")(nodes)


def nodes(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Show this node with its form; `new NAME` writes one", show_default=False
        ),
    ] = None,
    new: Annotated[str | None, typer.Argument(metavar="", hidden=True, show_default=False)] = None,
    json: Json = False,
) -> int:
    """List the nodes that flows can use here, or show one with its inputs, ports and effects."""
    if name == "new" and new is not None:
        from tenuto.sdk.scaffold import main

        return main([new]) or 0
    if name == "new":
        from tenuto.ports.engine import Refused

        raise Refused("invalid", "`tenuto nodes new` needs a name", "such as `tenuto nodes new slack.send_message`")
    return _show(name, json=json) if name else _list(json=json)


def _list(*, json: bool) -> int:
    from tenuto.cli.look import line, note, say
    from tenuto.cli.painting import Cell, Painter

    registry = _registry()
    found = [_light(registry, name) for name in registry]
    if json:
        say(
            line(
                [{**node, "structure": False} for node in found]
                + [{"name": name, "structure": True} for name in _structure()]
            )
        )
    else:
        painter = Painter.for_stdout()
        painter.table(
            [
                [
                    Cell(node["name"], "bold"),
                    Cell(node["effects"], "yellow" if node["effects"] == "once" else "bright_black"),
                    Cell(node["description"]),
                ]
                for node in found
            ]
        )
        say()
        say(f"built into every flow: {', '.join(_structure())}")
    for broken in registry.broken:
        note(f"warning: {broken}")
    return 0


def _light(registry: Any, name: str) -> dict[str, str]:
    from tenuto.sdk.errors import BrokenNode

    try:
        node = registry[name]
    except BrokenNode as error:
        return {"name": name, "effects": "broken", "description": str(error)}
    return {"name": name, "effects": node.effects, "description": node.description}


def _show(name: str, *, json: bool) -> int:
    from tenuto.cli.look import line, say
    from tenuto.ports.engine import Refused
    from tenuto.sdk.errors import UnknownNode

    try:
        node = _registry()[name]
    except UnknownNode as error:
        built_in = "it is built into every flow: docs/reference has it" if name in _structure() else error.hint
        raise Refused("not_found", f"there is no node `{name}`", built_in) from None
    if json:
        fields = ("name", "description", "effects", "input_schema", "output_schema", "timeout")
        said = {field: getattr(node, field) for field in fields}
        say(line({**said, "ports": list(node.ports), "secrets": list(node.secrets)}))
        return 0
    _describe(node)
    return 0


def _describe(node: Any) -> None:
    from tenuto.cli.forms import show_form
    from tenuto.cli.look import say
    from tenuto.cli.painting import Cell, Painter

    painter = Painter.for_stdout()
    painter.line(Cell(node.name, "bold"), Cell(node.description))
    said = [f"effects: {node.effects}", f"ports: {', '.join(node.ports)}"]
    said += [f"secrets: {', '.join(node.secrets)}"] if node.secrets else []
    say("  " + "  ".join(said))
    say()
    show_form(painter, node.input_schema)
    if node.open_form:
        say("  and any other key: a parameter of its own")


def _structure() -> list[str]:
    from tenuto.service.refusals import STRUCTURE

    return sorted(STRUCTURE)


def _registry() -> Any:
    from tenuto.bootstrap import open_registry
    from tenuto.cli.house import place_of

    return open_registry(place_of().settings)
