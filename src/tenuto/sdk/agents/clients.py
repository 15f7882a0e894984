"""What a provider's own library is made with and asked with, in whichever framework's class it is used: from the specification."""

import asyncio
import copy
import importlib
import json
import sys
from collections.abc import Mapping
from typing import Any, Final, cast

from tenuto.sdk.agents.messages import Ask
from tenuto.sdk.agents.model import ModelSpec

_ADDRESSES: Final = {  # said in any case: the libraries would believe the environment
    "openai": "https://api.openai.com/v1",
    "openai-responses": "https://api.openai.com/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "anthropic": "https://api.anthropic.com",
}
_RARE: Final = frozenset({"patternProperties", "if", "not", "dependentSchemas", "prefixItems"})


async def imported(module: str) -> None:
    """A provider's library takes a second to import: beside the loop, so that nobody waits for it."""
    if module not in sys.modules:
        await asyncio.to_thread(importlib.import_module, module)


def client_arguments(spec: ModelSpec, key: str) -> dict[str, Any]:
    """For the clients of OpenAI and Anthropic. They repeat nothing; `key` is the same when the same question is asked again."""
    given: dict[str, Any] = {
        "max_retries": 0,
        "api_key": spec.api_key or "none",
        "base_url": spec.base_url or _ADDRESSES[spec.provider],
        "default_headers": {"Idempotency-Key": key},
    }
    return given if spec.http is None else {**given, "http_client": _lent(spec.http())}


def request_options(spec: ModelSpec, ask: Ask) -> dict[str, Any]:
    """Of the model and, over them, of the question, under the names of the provider's wire."""
    given = {**spec.params, **(ask.get("options") or {})}
    options = {name: value for name, value in given.items() if name != "region" and value is not None}
    if "max_tokens" in options:
        options[_longest(spec)] = options.pop("max_tokens")
    return options


def closed_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema as Anthropic takes it, all objects closed; None where that would change what it means, or it takes no such one."""
    if not _can_be_closed(schema):
        return None
    from anthropic import transform_schema

    try:
        return transform_schema(dict(schema))
    except (ValueError, TypeError, AssertionError, KeyError):
        return None


def in_words(schema: Mapping[str, Any]) -> str:
    """For a wire that has no place for a schema."""
    return f"Answer with JSON that fits this JSON Schema, and nothing else: {json.dumps(schema, ensure_ascii=False)}"


def _can_be_closed(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(_can_be_closed(each) for each in cast("list[Any]", schema))
    if not isinstance(schema, dict):
        return True
    given = cast("dict[str, Any]", schema)
    opened = given.get("type") == "object" and (not given.get("properties") or given.get("additionalProperties"))
    if opened or given.keys() & _RARE or isinstance(given.get("type"), list):
        return False
    return all(_can_be_closed(each) for each in given.values())


def _longest(spec: ModelSpec) -> str:
    """OpenAI's own newer models refuse the old name."""
    if spec.provider == "openai-responses":
        return "max_output_tokens"
    return "max_completion_tokens" if spec.provider == "openai" and spec.base_url is None else "max_tokens"


def _lent(client: Any) -> Any:
    """A client that whoever was given it may close, while its owner's stays open: its own answers alone are closed.

    A library that gives up in the middle of a stream leaves that to the garbage collector, which closes the layers of it
    all at once, so that they get into each other's way.
    """
    lent, answers = copy.copy(client), list[Any]()

    async def send(*given: Any, **more: Any) -> Any:
        answers.append(await client.send(*given, **more))
        return answers[-1]

    async def close() -> None:
        for answer in answers:
            await answer.aclose()

    lent.send, lent.aclose = send, close
    return lent
