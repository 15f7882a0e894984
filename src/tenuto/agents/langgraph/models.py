"""`provider:model` as the class that LangChain has for it.

The providers' HTTP goes through the client that the model's specification gives; nothing is tried again here. Addresses and
keys are always given: left alone, LangChain's classes look for them in the environment, and may find a gateway of LangSmith.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final, cast

from langchain_core.language_models import BaseChatModel

from tenuto.sdk.agents import Ask, ModelSpec

MAX_TOKENS: Final = 8_192  # of an answer, where the wire wants a number and nobody gave one
_ANSWER: Final = "answer"
_OPENAI: Final = "https://api.openai.com/v1"
_ANTHROPIC: Final = "https://api.anthropic.com"
_NO_KEY: Final = "none"  # a server of one's own may ask for none, the libraries want one


def native(spec: ModelSpec, ask: Ask) -> tuple[BaseChatModel, dict[str, Any]] | None:
    """LangChain's class for that provider, made for one question, and what else to ask it with; None where it has none."""
    make = _MAKERS.get(spec.provider)
    return make(spec, ask) if make else None


def _params(spec: ModelSpec, ask: Ask) -> dict[str, Any]:
    return {**spec.options, **ask.get("options", {})}


def _client(spec: ModelSpec, usual: str) -> dict[str, Any]:
    given: dict[str, Any] = {"base_url": spec.base_url or usual, "api_key": spec.api_key or _NO_KEY, "max_retries": 0}
    return {**given, "http_client": spec.http()} if spec.http is not None else given


def _openai(spec: ModelSpec, ask: Ask) -> tuple[BaseChatModel, dict[str, Any]]:
    """The schema goes in the body as it is: given as `response_format`, OpenAI's library would refuse tools that are not strict."""
    more: dict[str, Any] = {}
    if schema := ask.get("output"):
        described = {"name": _ANSWER, "schema": schema}
        more["extra_body"] = {"response_format": {"type": "json_schema", "json_schema": described}}
    return _chat_openai(spec, responses=False), {**_params(spec, ask), **more}


def _responses(spec: ModelSpec, ask: Ask) -> tuple[BaseChatModel, dict[str, Any]]:
    """`store=False`: the whole conversation goes along, so that an answer which a person has edited is what counts."""
    more: dict[str, Any] = {"store": False}
    if schema := ask.get("output"):
        more["text"] = {"format": {"type": "json_schema", "name": _ANSWER, "schema": schema, "strict": False}}
    return _chat_openai(spec, responses=True), {**_params(spec, ask), **more}


def _chat_openai(spec: ModelSpec, *, responses: bool) -> BaseChatModel:
    from langchain_openai import ChatOpenAI
    from openai import AsyncOpenAI

    made = AsyncOpenAI(**_client(spec, _OPENAI))
    completions = made.chat.completions
    return ChatOpenAI.model_validate(
        {
            "model": spec.model,
            "api_key": spec.api_key or _NO_KEY,
            "base_url": spec.base_url or _OPENAI,
            "root_async_client": made,
            "async_client": completions,
            "root_client": made,  # else it makes blocking ones, which nobody asks
            "client": completions,
            "use_responses_api": responses,
            "stream_usage": True,
        }
    )


def _anthropic(spec: ModelSpec, ask: Ask) -> tuple[BaseChatModel, dict[str, Any]]:
    from anthropic import AsyncAnthropic, transform_schema
    from langchain_anthropic import ChatAnthropic

    params = _params(spec, ask)
    chat = ChatAnthropic.model_validate(
        {
            "model": spec.model,
            "api_key": spec.api_key or _NO_KEY,
            "base_url": spec.base_url or _ANTHROPIC,
            "max_tokens": params.pop("max_tokens", MAX_TOKENS),
        }
    )
    vars(chat)["_async_client"] = AsyncAnthropic(**_client(spec, _ANTHROPIC))  # there is no parameter for it
    if schema := ask.get("output"):
        params["output_config"] = {"format": {"type": "json_schema", "schema": transform_schema(dict(schema))}}
    return chat, params


def _bedrock(spec: ModelSpec, ask: Ask) -> tuple[BaseChatModel, dict[str, Any]] | None:
    """Where `langchain-aws` is installed; else the model is asked through our own client."""
    if find_spec("langchain_aws") is None:
        return None
    from langchain_aws import (  # pyright: ignore[reportMissingImports]  it is no part of the extra
        ChatBedrockConverse,  # pyright: ignore[reportUnknownVariableType]
    )

    params = _params(spec, ask)
    known = {name: params.pop(name) for name in ("max_tokens", "temperature", "top_p") if name in params}
    where = {"region_name": params.pop("region", None), "endpoint_url": spec.base_url}
    return cast("Any", ChatBedrockConverse)(model=spec.model, **where, **known), params


_MAKERS: Final[Mapping[str, Callable[[ModelSpec, Ask], tuple[BaseChatModel, dict[str, Any]] | None]]] = {
    "openai": _openai,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "ollama": _openai,  # it speaks that wire
}
