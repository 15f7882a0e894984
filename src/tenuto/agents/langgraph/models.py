"""`provider:model` as the class that LangChain has for it.

The providers' HTTP goes through the client that the model's specification gives; nothing is tried again here. Addresses and
keys are always given: left alone, LangChain's classes look for them in the environment, and may find a gateway of LangSmith.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from typing import Any, Final, cast

from langchain_core.language_models import BaseChatModel

from tenuto.sdk.agents import Ask, ModelSpec

MAX_TOKENS: Final = 16_000  # of an answer, where the wire wants a number and nobody gave one
_ANSWER: Final = "answer"
_OPENAI: Final = "https://api.openai.com/v1"
_ANTHROPIC: Final = "https://api.anthropic.com"
Asking = AbstractAsyncContextManager[tuple[BaseChatModel, dict[str, Any]]]
_NO_KEY: Final = "none"  # a server of one's own may ask for none, the libraries want one


def native(spec: ModelSpec, ask: Ask) -> Asking:
    """LangChain's class for that provider, for one question, and what else to ask it with."""
    return _MAKERS[spec.provider](spec, ask)


def speaks_to(spec: ModelSpec) -> bool:
    """Whether LangChain has a class for it, here and now. Bedrock's is in a package of its own."""
    if spec.provider == "bedrock":
        return find_spec("langchain_aws") is not None
    return spec.provider in _MAKERS


def _params(spec: ModelSpec, ask: Ask) -> dict[str, Any]:
    return {**spec.params, **ask.get("options", {})}


@asynccontextmanager
async def _client(kind: Callable[..., Any], spec: ModelSpec, usual: str) -> AsyncGenerator[Any]:
    """The provider's own client. It is closed afterwards, unless its HTTP is shared."""
    given: dict[str, Any] = {"base_url": spec.base_url or usual, "api_key": spec.api_key or _NO_KEY, "max_retries": 0}
    if spec.http is not None:
        yield kind(**given, http_client=spec.http())
        return
    async with kind(**given) as made:
        yield made


@asynccontextmanager
async def _openai(spec: ModelSpec, ask: Ask) -> AsyncGenerator[tuple[BaseChatModel, dict[str, Any]]]:
    """The schema goes in the body as it is: given as `response_format`, OpenAI's library would refuse tools that are not strict."""
    more: dict[str, Any] = {}
    if schema := ask.get("output"):
        described = {"name": _ANSWER, "schema": schema}
        more["extra_body"] = {"response_format": {"type": "json_schema", "json_schema": described}}
    async with _chat_openai(spec, responses=False) as chat:
        yield chat, {**_params(spec, ask), **more}


@asynccontextmanager
async def _responses(spec: ModelSpec, ask: Ask) -> AsyncGenerator[tuple[BaseChatModel, dict[str, Any]]]:
    """`store=False`: the whole conversation goes along, so that an answer which a person has edited is what counts."""
    more: dict[str, Any] = {"store": False}
    if schema := ask.get("output"):
        more["text"] = {"format": {"type": "json_schema", "name": _ANSWER, "schema": schema, "strict": False}}
    async with _chat_openai(spec, responses=True) as chat:
        yield chat, {**_params(spec, ask), **more}


@asynccontextmanager
async def _chat_openai(spec: ModelSpec, *, responses: bool) -> AsyncGenerator[BaseChatModel]:
    from langchain_openai import ChatOpenAI
    from openai import AsyncOpenAI

    async with _client(AsyncOpenAI, spec, _OPENAI) as made:
        completions = made.chat.completions
        clients = {"root_async_client": made, "async_client": completions}
        idle = {"root_client": made, "client": completions}  # else it makes blocking ones, which nobody asks
        said = {"model": spec.model, "base_url": spec.base_url or _OPENAI, "api_key": spec.api_key or _NO_KEY}
        yield ChatOpenAI.model_validate(
            {**said, **clients, **idle, "use_responses_api": responses, "stream_usage": True}
        )


@asynccontextmanager
async def _anthropic(spec: ModelSpec, ask: Ask) -> AsyncGenerator[tuple[BaseChatModel, dict[str, Any]]]:
    from anthropic import AsyncAnthropic, transform_schema
    from langchain_anthropic import ChatAnthropic

    params = _params(spec, ask)
    limit = params.pop("max_tokens", MAX_TOKENS)
    if schema := ask.get("output"):
        params["output_config"] = {"format": {"type": "json_schema", "schema": transform_schema(dict(schema))}}
    said = {"model": spec.model, "base_url": spec.base_url or _ANTHROPIC, "api_key": spec.api_key or _NO_KEY}
    chat = ChatAnthropic.model_validate({**said, "max_tokens": limit})
    async with _client(AsyncAnthropic, spec, _ANTHROPIC) as made:
        vars(chat)["_async_client"] = made  # there is no parameter for it
        yield chat, params


@asynccontextmanager
async def _bedrock(spec: ModelSpec, ask: Ask) -> AsyncGenerator[tuple[BaseChatModel, dict[str, Any]]]:
    from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]  it has none
    from langchain_aws import (  # pyright: ignore[reportMissingTypeStubs]
        ChatBedrockConverse,  # pyright: ignore[reportUnknownVariableType]
    )

    params = _params(spec, ask)
    known = {name: params.pop(name) for name in ("max_tokens", "temperature", "top_p") if name in params}
    known |= {"disable_streaming": False, "config": Config(retries={"total_max_attempts": 1}, read_timeout=120)}
    where = {"region_name": params.pop("region", None), "endpoint_url": spec.base_url}
    yield cast("Any", ChatBedrockConverse)(model=spec.model, **where, **spec.aws, **known), params


_MAKERS: Final[Mapping[str, Callable[[ModelSpec, Ask], Asking]]] = {
    "openai": _openai,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "ollama": _openai,  # it speaks that wire
}
