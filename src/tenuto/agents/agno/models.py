"""`provider:model` as the class that Agno itself has for it.

The providers' HTTP goes through the client that the model's specification gives; nothing is tried again here.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, cast

from agno.models.base import Model

from tenuto.sdk.agents import Ask, ModelSpec
from tenuto.sdk.agents.clients import client_arguments, closed_schema

MAX_TOKENS: Final = 8_192  # of an answer, where the wire wants a number and nobody gave one
APART: Final = frozenset({"anthropic", "bedrock"})  # they count cached tokens apart from the input
REGION: Final = "us-east-1"  # of Bedrock, where nothing names one
_ANSWER: Final = "answer"
_OPENAI: Final = "https://api.openai.com/v1"


def native(spec: ModelSpec, ask: Ask, key: str) -> AbstractAsyncContextManager[Model]:
    """The class of Agno that speaks to that provider, made for one question. `provider`: one of `PROVIDERS`.

    `key`: the same when the same question is asked again.
    """
    return _MAKERS[spec.provider](spec, {**spec.params, **ask.get("options", {})}, key)


def response_format(spec: ModelSpec, ask: Ask) -> dict[str, Any] | None:
    """The schema that an answer shall fit, as the provider's wire has it; None where it has none."""
    schema = ask.get("output")
    if not schema:
        return None
    if spec.provider == "anthropic":
        closed = closed_schema(schema)
        return None if closed is None else {"type": "json_schema", "schema": closed}
    if spec.provider == "bedrock":
        return None
    return {"type": "json_schema", "json_schema": {"name": _ANSWER, "schema": dict(schema)}}


@asynccontextmanager
async def _openai(spec: ModelSpec, params: dict[str, Any], key: str) -> AsyncGenerator[Model]:
    """`OpenAILike` for any other server, and for Ollama: Agno's own class wants another library for the same wire."""
    from agno.models.openai import OpenAIChat, OpenAILike
    from openai import AsyncOpenAI

    kind = OpenAIChat if spec.provider == "openai" and spec.base_url in {None, _OPENAI} else OpenAILike
    async with AsyncOpenAI(**client_arguments(spec, key)) as client:
        yield kind(id=spec.model, async_client=client, request_params=params or None)


@asynccontextmanager
async def _responses(spec: ModelSpec, params: dict[str, Any], key: str) -> AsyncGenerator[Model]:
    """`store=False`: the whole conversation goes along, so that an answer which a person has edited is what counts."""
    from agno.models.openai import OpenAIResponses
    from openai import AsyncOpenAI

    async with AsyncOpenAI(**client_arguments(spec, key)) as client:
        yield OpenAIResponses(id=spec.model, async_client=client, store=False, request_params=params or None)


@asynccontextmanager
async def _anthropic(spec: ModelSpec, params: dict[str, Any], key: str) -> AsyncGenerator[Model]:
    from agno.models.anthropic import Claude
    from anthropic import AsyncAnthropic

    limit = params.pop("max_tokens", MAX_TOKENS)
    async with AsyncAnthropic(**client_arguments(spec, key)) as client:
        yield Claude(id=spec.model, async_client=client, max_tokens=limit, request_params=params or None)


@asynccontextmanager
async def _bedrock(spec: ModelSpec, params: dict[str, Any], key: str) -> AsyncGenerator[Model]:
    from agno.models.aws import AwsBedrock
    from aiobotocore.config import AioConfig  # pyright: ignore[reportMissingTypeStubs]  it has none
    from aiobotocore.session import AioSession  # pyright: ignore[reportMissingTypeStubs]

    del key
    config = AioConfig(retries={"total_max_attempts": 1}, read_timeout=120)
    session = cast("Any", AioSession())
    making = session.create_client(
        "bedrock-runtime",
        region_name=spec.options.get("region") or session.get_config_variable("region") or REGION,
        endpoint_url=spec.base_url,
        config=config,
        **spec.aws,
    )
    known = {name: params.pop(name) for name in ("max_tokens", "temperature", "top_p") if name in params}
    async with making as client:
        more = {"additionalModelRequestFields": params} if params else None
        yield AwsBedrock(id=spec.model, async_client=client, request_params=more, **known)


_MAKERS: Final[Mapping[str, Callable[[ModelSpec, dict[str, Any], str], AbstractAsyncContextManager[Model]]]] = {
    "openai": _openai,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "ollama": _openai,
}
MODULES: Final[Mapping[str, str]] = {
    "openai": "agno.models.openai",
    "openai-responses": "agno.models.openai",
    "anthropic": "agno.models.anthropic",
    "bedrock": "agno.models.aws",
    "ollama": "agno.models.openai",
}
PROVIDERS: Final = frozenset(_MAKERS)
