"""From a signature to a form: the JSON Schema of a node's inputs and output, and the binding of an input to arguments.

The schema of the inputs is one closed object, unless the node takes other keys too (`**rest` of an open form). Plain annotations are handled here (`plain.py`); pydantic is imported for
the first signature or value that needs it. The context parameter is called `ctx` and is no input.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Never, NoReturn, TypeVar, cast, get_args, get_type_hints

from tenuto.core.problems import did_you_mean
from tenuto.sdk.errors import BrokenNode, NodeError
from tenuto.sdk.plain import Shape, output_schema_of, shape_of
from tenuto.sdk.port import Port
from tenuto.sdk.values import own

if TYPE_CHECKING:
    from pydantic import BaseModel

Schema = dict[str, Any]
T = TypeVar("T")

_REFUSED_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "is positional-only; inputs are given by name",
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values; take a list instead",
    inspect.Parameter.VAR_KEYWORD: "takes any name; inputs are declared, take a dict instead",
}
_SHOWN_ERRORS = 5


@dataclass(slots=True, frozen=True)
class Field:
    """One input. `shape` is None where pydantic must look at it."""

    name: str
    annotation: Any
    default: Any
    description: str
    shape: Shape | None

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


class Form:
    """The form of one node. Everything is worked out when it is first asked for."""

    __slots__ = (
        "_all_plain",
        "_model",
        "_name",
        "_shapes",
        "_where",
        "fields",
        "input_schema",
        "open",
        "output_schema",
        "required",
    )

    def __init__(self, name: str, function: Callable[..., Any], where: str, *, open_form: bool = False) -> None:
        self._name = name
        self.open = open_form
        self._where = where
        self._model: type[BaseModel] | None = None
        hints = self._hints(function)
        told = arguments_of(inspect.getdoc(function) or "")
        self.fields: dict[str, Field] = {
            parameter.name: _field(parameter, hints.get(parameter.name, Any), told.get(parameter.name, ""))
            for parameter in inspect.signature(function).parameters.values()
            if parameter.name != "ctx" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }
        shapes = {name: field.shape for name, field in self.fields.items() if field.shape}
        self._shapes = shapes
        self._all_plain = len(shapes) == len(self.fields)
        self.required = frozenset(field.name for field in self.fields.values() if field.required)
        self.input_schema = self._input_schema()
        self.output_schema = self._output_schema(hints.get("return", Any))

    def bind(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The arguments of the call, as copies that the function may change. `NodeError` of type `input` if they do not fit."""
        bound: dict[str, Any] = {}
        if not self._all_plain:
            return self._convert(given)
        shapes = self._shapes
        for name, value in given.items():
            shape = shapes.get(name)
            if shape is None:
                if not self._takes(name):
                    return self._convert(given)
                bound[name] = own(value)
                continue
            kind = type(value)
            if shape.kinds is None or kind in shape.kinds or (shape.fits is not None and shape.fits(value)):
                bound[name] = own(value) if kind is dict or kind is list else value
            elif isinstance(value, int) and kind is int and self.fields[name].annotation is float:
                bound[name] = float(value)
            else:
                return self._convert(given)
        return bound if bound.keys() >= self.required else self._convert(given)

    def _convert(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The way that pydantic knows: values are converted, or a sentence says why they cannot be."""
        self._check_names(given)
        from pydantic import ValidationError  # heavy, and most calls never come here

        rest = {name: own(value) for name, value in given.items() if name not in self.fields}
        try:
            made = self.model.model_validate(own({name: value for name, value in given.items() if name not in rest}))
        except ValidationError as error:
            raise NodeError(
                _sentence(error.errors(include_url=False, include_input=False)), type="input", retry=False
            ) from None
        told = zip(type(made).model_fields, self.fields, strict=True)
        return {**{name: getattr(made, attribute) for attribute, name in told}, **rest}

    def _check_names(self, given: Mapping[str, object]) -> None:
        unknown = [
            f"`{name}` is no input of {self._name}{_nearest(name, self.fields)}"
            for name in given
            if name not in self.fields and not self._takes(name)
        ]
        missing = [f"`{name}` is missing" for name in self.fields if name in self.required and name not in given]
        if unknown or missing:
            raise NodeError("; ".join((unknown + missing)[:_SHOWN_ERRORS]), type="input", retry=False)

    def _takes(self, name: str) -> bool:
        """Whether it is a key that an open form takes though nobody declared it."""
        return self.open and name not in self.fields and name != "ctx"

    @property
    def model(self) -> type[BaseModel]:
        """The pydantic model of the inputs: its attributes stand for the inputs in order, so that any name can be one."""
        if self._model is None:
            self._model = self._build_model()
        return self._model

    def _build_model(self) -> type[BaseModel]:
        from pydantic import ConfigDict, create_model

        fields = {f"input_{index}": _pydantic_field(field) for index, field in enumerate(self.fields.values())}
        config = ConfigDict(extra="forbid")
        return self._told(lambda: create_model(self._name, __config__=config, **cast("Any", fields)), "an input")

    def _input_schema(self) -> Schema:
        if not self._all_plain:
            return self._pydantic_input_schema()
        schema: Schema = {"type": "object", "properties": {f.name: _property(f) for f in self.fields.values()}}
        required = [field.name for field in self.fields.values() if field.required]
        return {**schema, **({"required": required} if required else {}), "additionalProperties": self.open}

    def _pydantic_input_schema(self) -> Schema:
        from tenuto.sdk.pydantic_schema import schema_of_model  # brings pydantic

        schema = self._told(lambda: schema_of_model(self.model), "an input")
        return {**schema, "additionalProperties": True} if self.open else schema

    def _output_schema(self, annotation: Any) -> Schema | None:
        if annotation in (Any, Never, NoReturn) or _has_port(annotation):
            return None
        plain = output_schema_of(annotation)
        if plain is not None:
            return plain
        from tenuto.sdk.pydantic_schema import schema_of_output  # brings pydantic

        return self._told(lambda: schema_of_output(annotation), "the output")

    def _told(self, build: Callable[[], T], what: str) -> T:
        try:
            return build()
        except BrokenNode:
            raise
        except Exception as error:  # noqa: BLE001  pydantic, and whatever the author's own types do while they are asked
            raise self._broken(f"{what} of {self._name} cannot be told in JSON: {_first_line(error)}") from None

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Annotations, resolved; that of `ctx` is left alone, so that it may be imported for type checkers only."""
        annotations = {name: hint for name, hint in inspect.get_annotations(function).items() if name != "ctx"}
        namespace = getattr(inspect.unwrap(function), "__globals__", {})
        try:
            return get_type_hints(SimpleNamespace(__annotations__=annotations), globalns=namespace, include_extras=True)
        except Exception as error:  # noqa: BLE001  an annotation written as text is code, and may do anything
            hint = "a type of the signature must be imported outside `if TYPE_CHECKING:`"
            raise self._broken(f"an annotation of {self._name} does not resolve: {_first_line(error)}", hint) from None

    def _broken(self, message: str, hint: str = "") -> BrokenNode:
        return BrokenNode(message, where=self._where, hint=hint)


def refused_parameters(signature: inspect.Signature, *, open_form: bool = False) -> list[str]:
    """Why this signature is no form, a sentence each."""
    taken = {inspect.Parameter.VAR_KEYWORD} if open_form else set[Any]()
    return [
        f"`{parameter.name}` {_REFUSED_KINDS[parameter.kind]}"
        for parameter in signature.parameters.values()
        if parameter.kind in _REFUSED_KINDS and parameter.kind not in taken
    ]


_SECTION = re.compile(r"^\s*(Args|Arguments|Parameters):\s*$")
_ENTRY = re.compile(r"^(\s+)\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def arguments_of(docstring: str) -> dict[str, str]:
    """The descriptions in a docstring's `Args:` section, by name; continued lines are joined."""
    told: dict[str, str] = {}
    indent: int | None = None
    inside, current = False, ""
    for line in docstring.splitlines():
        if not inside:
            inside = bool(_SECTION.match(line))
            continue
        if line.strip() and not line.startswith(" "):
            break
        entry = _ENTRY.match(line)
        if entry and (indent is None or len(entry[1]) == indent):
            indent, current = len(entry[1]), entry[2]
            told[current] = entry[3].strip()
        elif current and line.strip():
            told[current] = f"{told[current]} {line.strip()}".strip()
    return told


def _field(parameter: inspect.Parameter, annotation: Any, description: str) -> Field:
    default = parameter.default
    shape = shape_of(annotation)
    plain_default = default is inspect.Parameter.empty or type(default) in {str, int, float, bool, type(None)}
    return Field(parameter.name, annotation, default, description, shape if plain_default else None)


def _property(field: Field) -> Schema:
    assert field.shape is not None  # the caller looked
    default = {} if field.required else {"default": field.default}
    description = {"description": field.description} if field.description else {}
    return {**default, **description, **field.shape.schema}


def _pydantic_field(field: Field) -> tuple[Any, Any]:
    import pydantic

    told: dict[str, Any] = {"alias": field.name}
    if field.description:
        told["description"] = field.description
    # What the author said in `Annotated[..., Field(description=...)]` stands nearer to the type and wins.
    annotation = field.annotation
    metadata = getattr(annotation, "__metadata__", ())
    if any(getattr(item, "description", None) for item in (*metadata, field.default)):
        told.pop("description", None)
    return Annotated[annotation, pydantic.Field(**told)], ... if field.required else field.default


def _has_port(annotation: Any) -> bool:
    return annotation is Port or any(arg is Port for arg in get_args(annotation))


def _sentence(errors: Any) -> str:
    """What pydantic found, without the values: one of them may be a secret."""
    parts = [f"`{'.'.join(map(str, error['loc']))}`: {error['msg']}" for error in errors[:_SHOWN_ERRORS]]
    more = len(errors) - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def _nearest(name: str, names: Iterable[str]) -> str:
    hint = did_you_mean(name, names)
    return f", {hint}" if hint else ""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
