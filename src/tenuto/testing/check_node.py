"""What every node promises, asserted: a name, a docstring, a form that can be drawn, defaults that can be written down.

`check_node(registry["slack.send_message"])` in a test of yours; `check_nodes(registry)` over all that is discovered.
`try_node(definition, {...})` runs one as a host would, without one.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tenuto.core.values import NotJson, check_json
from tenuto.sdk import NodeDefinition, Port, Registry
from tenuto.sdk.definition import NODE_NAME, RESERVED_PORTS
from tenuto.sdk.json_schema import validator_of
from tenuto.sdk.values import to_json
from tenuto.testing.context import FakeContext


def check_nodes(registry: Registry) -> list[str]:
    """Check all nodes of a registry; their names. `AssertionError` names the first that breaks a promise."""
    names = list(registry)
    assert not registry.broken, "; ".join(map(str, registry.broken))
    for name in names:
        definition = registry[name]
        assert definition.name == name, f"{name}: the node found there is called {definition.name}"
        check_node(definition)
    return names


def check_node(definition: NodeDefinition) -> None:
    """Assert what every node promises; the message says which promise, and where the node stands."""
    for broken in _broken(definition):
        raise AssertionError(f"{definition.where}: {definition.name} {broken}")


async def try_node(definition: NodeDefinition, given: Mapping[str, Any] | None = None, ctx: Any = None) -> Port:
    """Bind, run, and convert as a host does; the port that fires with its output. Errors are raised as they come."""
    arguments = definition.bind(given or {})
    context = ctx or FakeContext()
    if definition.is_async:
        made = await definition.function(**arguments, ctx=context)
    else:
        made = await asyncio.to_thread(definition.function, **arguments, ctx=context)
    fired = made if isinstance(made, Port) else Port(definition.ports[0], made)
    assert fired.name in definition.ports, f"{definition.name} fired the port `{fired.name}`, which it does not declare"
    return Port(fired.name, to_json(fired.value))


def _broken(definition: NodeDefinition) -> list[str]:
    return [*_about(definition), *_form(definition)]


def _about(definition: NodeDefinition) -> list[str]:
    found: list[str] = []
    if "." in definition.name and not NODE_NAME.fullmatch(definition.name):  # the bare name of a package is one too
        found.append("has a name that is not lower case with a dot")
    if not definition.description:
        found.append("has no docstring; its first paragraph is the help that people and agents read")
    if not definition.ports or RESERVED_PORTS & set(definition.ports):
        found.append(f"has the ports {definition.ports}; there must be one, and error, timeout and rejected are taken")
    if definition.effects not in {"idempotent", "once"}:
        found.append(f"has the effects {definition.effects!r}")
    return found


def _form(definition: NodeDefinition) -> list[str]:
    schema = definition.input_schema
    found = [
        f"has {problem}" for problem in (_schema_problem(schema), _schema_problem(definition.output_schema)) if problem
    ]
    if schema.get("type") != "object" or schema.get("additionalProperties") is not definition.open_form:
        found.append("has an open form; its inputs must be one closed object")
    secrets = set(definition.secrets) & set(schema["properties"])
    if secrets:
        found.append(f"takes the secret `{min(secrets)}` as an input; secrets are read with ctx.secret")
    return found + [f"has a default for `{name}` that {why}" for name, why in _wrong_defaults(schema)]


def _schema_problem(schema: Mapping[str, Any] | None) -> str:
    if schema is None:
        return ""
    try:
        check_json(json.loads(json.dumps(schema)))
        validator_of(json.dumps(schema))
    except (NotJson, TypeError, ValueError) as error:
        return f"a schema that is none: {error}"
    return ""


def _wrong_defaults(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    definitions = schema.get("$defs", {})
    for name, member in schema["properties"].items():
        if name in schema.get("required", ()):
            continue
        if "default" not in member:
            wrong.append((name, "cannot be written as JSON"))
        elif not validator_of(json.dumps({**member, "$defs": definitions})).is_valid(member["default"]):
            # `x: str = None` says one thing and does another.
            wrong.append((name, f"does not fit its own type: {member['default']!r}"))
    return wrong
