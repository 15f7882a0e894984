"""`provider:model` as the class that Strands itself has for it.

The providers' HTTP goes through the client that the model's specification gives; nothing is tried again here.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from typing import Any, Final, cast

from strands.models import Model

from tenuto.sdk.agents import Ask, ModelSpec
from tenuto.sdk.agents.clients import client_arguments, closed_schema, request_options

MAX_TOKENS: Final = 8_192  # of an answer, where the wire wants a number and nobody gave one
APART: Final = frozenset({"anthropic", "bedrock"})  # they count cached tokens apart from the input
_ANSWER: Final = "answer"


@asynccontextmanager
async def native(spec: ModelSpec, ask: Ask, key: str) -> AsyncGenerator[Model]:
    """The class of Strands that speaks to that provider, made for one question. `provider`: one of `PROVIDERS`.

    `key`: the same when the same question is asked again.
    """
    model = _MAKERS[spec.provider](spec, ask, key)
    try:
        yield model
    finally:
        closing = getattr(getattr(model, "client", None), "close", None)
        if iscoroutinefunction(closing):  # the other classes close what they open
            await closing()


def _openai(spec: ModelSpec, ask: Ask, key: str) -> Model:
    from strands.models.openai import OpenAIModel

    params = request_options(spec, ask)
    schema = ask.get("output")
    if schema:
        described = {"name": _ANSWER, "schema": dict(schema)}
        params["response_format"] = {"type": "json_schema", "json_schema": described}
    return OpenAIModel(client_args=client_arguments(spec, key), model_id=spec.model, params=params)


def _responses(spec: ModelSpec, ask: Ask, key: str) -> Model:
    from strands.models.openai_responses import OpenAIResponsesModel

    params = request_options(spec, ask)
    schema = ask.get("output")
    if schema:
        params["text"] = {"format": {"type": "json_schema", "name": _ANSWER, "schema": dict(schema), "strict": False}}
    return OpenAIResponsesModel(client_args=client_arguments(spec, key), model_id=spec.model, params=params)


def _anthropic(spec: ModelSpec, ask: Ask, key: str) -> Model:
    from strands.models.anthropic import AnthropicModel

    params = request_options(spec, ask)
    limit = params.pop("max_tokens", MAX_TOKENS)
    schema = ask.get("output")
    if schema and takes_schema(spec, ask):
        params["output_config"] = {"format": {"type": "json_schema", "schema": closed_schema(schema)}}
    return AnthropicModel(client_args=client_arguments(spec, key), model_id=spec.model, max_tokens=limit, params=params)


def takes_schema(spec: ModelSpec, ask: Ask) -> bool:
    """Whether the provider's wire has a place for the schema of the answer. Else it is told in words."""
    if spec.provider == "anthropic":
        return closed_schema(ask.get("output") or {}) is not None
    return spec.provider != "bedrock"


def _bedrock(spec: ModelSpec, ask: Ask, key: str) -> Model:
    """Its library is a blocking one: Strands lets it run in a thread."""
    from boto3 import Session  # pyright: ignore[reportMissingTypeStubs]  it has none
    from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]  as above
    from strands.models.bedrock import BedrockModel

    del key
    params = request_options(spec, ask)
    known = {name: params.pop(name) for name in ("max_tokens", "temperature", "top_p") if name in params}
    return BedrockModel(
        boto_client_config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
        boto_session=cast("Any", Session)(region_name=spec.options.get("region"), **spec.aws),
        endpoint_url=spec.base_url,
        model_id=spec.model,
        additional_request_fields=params or None,
        **known,
    )


_MAKERS: Final[Mapping[str, Callable[[ModelSpec, Ask, str], Model]]] = {
    "openai": _openai,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "ollama": _openai,  # it speaks that wire; Strands' own class wants another library for the same thing
}
MODULES: Final[Mapping[str, str]] = {
    "openai": "strands.models.openai",
    "openai-responses": "strands.models.openai_responses",
    "anthropic": "strands.models.anthropic",
    "bedrock": "strands.models.bedrock",
    "ollama": "strands.models.openai",
}
PROVIDERS: Final = frozenset(_MAKERS)
