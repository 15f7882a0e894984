"""JSON Schemas that pydantic writes, in the style of ours: no titles made from names. Imports pydantic; imported late."""

from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class _Untitled(GenerateJsonSchema):
    """Without titles derived from field names: forms make their own, and a title that an author wrote stands out.

    A default that JSON cannot say is left out silently here; `check_node` says so to the node's author.
    """

    ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012  the base class types it so

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


class _InputSchema(_Untitled):
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        if not schema.get("config", {}).get("title"):
            made.pop("title", None)
        return made


def schema_of_model(model: type[BaseModel]) -> dict[str, Any]:
    """The closed object of a node's inputs."""
    return _arranged(model.model_json_schema(by_alias=True, schema_generator=_InputSchema))


def schema_of_output(annotation: Any) -> dict[str, Any]:
    """What a node returns, as it is written."""
    return _arranged(
        TypeAdapter(annotation).json_schema(mode="serialization", by_alias=True, schema_generator=_InputSchema)
    )


def _arranged(schema: dict[str, Any]) -> dict[str, Any]:
    first = [key for key in ("type", "properties", "required", "additionalProperties") if key in schema]
    return {key: schema[key] for key in (*first, *(key for key in schema if key not in first))}
