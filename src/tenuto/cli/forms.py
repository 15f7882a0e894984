"""The form of a node or a tool, as its JSON Schema has it: a line for each field, and what it means in full."""

from collections.abc import Mapping
from typing import Any

from tenuto.cli.look import compact, preview
from tenuto.cli.painting import Cell, Painter


def show_form(painter: Painter, schema: Mapping[str, Any]) -> None:
    required = set(schema.get("required", ()))
    fields: Mapping[str, Any] = schema.get("properties", {})
    rows = [_row(name, _object(field), required) for name, field in fields.items()]
    painter.table(rows, wrap=True)


def _row(name: str, field: dict[str, Any], required: set[str]) -> list[Cell]:
    given = f"= {preview(compact(field['default']), 30)}" if "default" in field else ""
    return [
        Cell(f"  {name}", "bold"),
        Cell(_kind(field), "cyan"),
        Cell("required" if name in required else given, "bright_black"),
        Cell(" ".join(str(field.get("description", "")).split())),
    ]


def _kind(field: dict[str, Any]) -> str:
    kind: Any = field.get("type") or [_object(each).get("type", "any") for each in field.get("anyOf", ())]
    return kind if isinstance(kind, str) else "|".join(str(each) for each in kind) or "any"


def _object(schema: Any) -> dict[str, Any]:
    """`true` is a schema, too."""
    return schema if isinstance(schema, dict) else {}  # pyright: ignore[reportUnknownVariableType]  JSON
