"""Which class answers for a provider. Each is imported when its first model is asked."""

import importlib
import importlib.util
from contextlib import suppress
from typing import Final

from tenuto.sdk.agents import Model, ModelError, ModelSpec

_LIBRARIES: Final = {
    "openai": ("openai", "openai.resources.chat", "httpx2"),
    "openai-responses": ("openai", "openai.resources.responses", "httpx2"),
    "ollama": ("openai", "openai.resources.chat", "httpx2"),
    "anthropic": ("anthropic", "anthropic.resources.messages", "httpx2"),
    "local": ("xllamacpp",),
    "bedrock": ("aiobotocore.session", "aiobotocore.config"),
}


def load(provider: str) -> None:
    """Import what its client needs, which takes a second or more: called in a thread, so that nobody waits for it."""
    for name in _LIBRARIES.get(provider, ()):
        with suppress(ImportError):  # said when the client is made, with the line that installs it
            importlib.import_module(name)


def lacking(provider: str) -> str:
    """The line that installs what its client needs; empty where it is there."""
    library = _LIBRARIES.get(provider, ("",))[0].partition(".")[0]
    there = not library or importlib.util.find_spec(library) is not None
    return "" if there else f"pip install 'tenuto[{provider.removesuffix('-responses')}]'"


def make(spec: ModelSpec) -> Model:
    """A client in our own words. `ModelError` names the line that installs what is missing."""
    match spec.provider:
        case "openai" | "ollama":
            from tenuto.models.openai_chat import OpenAIChat

            return OpenAIChat(spec)
        case "openai-responses":
            from tenuto.models.openai_responses import OpenAIResponses

            return OpenAIResponses(spec)
        case "anthropic":
            from tenuto.models.anthropic import Anthropic

            return Anthropic(spec)
        case "bedrock":
            from tenuto.models.bedrock import Bedrock

            return Bedrock(spec)
        case "scripted":
            from tenuto.models import scripted

            return scripted.make(spec)
        case "local":
            from tenuto.models.local import Local

            return Local(spec)
        case _:
            raise ModelError(f"nobody here answers for `{spec.name}`", retry=False)
