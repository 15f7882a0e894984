"""`provider:model[@base_url]`, read. What is wrong with a name is one sentence, and a hint what to write instead."""

from difflib import get_close_matches
from typing import Final

from tenuto.sdk.agents import ModelError, ModelSpec
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.urls import parse_url

PROVIDERS: Final = ("openai", "openai-responses", "anthropic", "bedrock", "ollama", "scripted", "local")
LONGEST: Final = 1_000
_ADDRESSED: Final = ("openai", "openai-responses", "anthropic", "ollama", "bedrock")
_SCHEMES: Final = ("@http://", "@https://")
_FAMILIES: Final = {"gpt": "openai", "o1": "openai", "o3": "openai", "o4": "openai", "claude": "anthropic"}


class WrongModel(ModelError):
    """A name that names no model: what is wrong with it, and what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message, retry=False)


def parse(name: str) -> ModelSpec:
    """What a name says by itself: no key, no reason. Raises `WrongModel`."""
    if len(name) > LONGEST or not name.isprintable():
        raise WrongModel("a model's name is one line of at most 1,000 characters")
    provider, colon, rest = name.strip().partition(":")
    if not colon:
        raise WrongModel(f"`{_short(name)}` names no provider", _hint(provider))
    if provider not in PROVIDERS:
        raise WrongModel(f"`{_short(provider)}` is no provider of models", _near(provider, rest))
    model, address = _parted(rest)
    if not model:
        raise WrongModel(f"`{_short(name)}` names no model", f"write {provider}:MODEL")
    if address is None:
        return ModelSpec(provider=provider, model=model)
    if provider not in _ADDRESSED:
        raise WrongModel(f"`{provider}:` takes no address", f"leave out `@{_short(address)}`")
    return ModelSpec(provider=provider, model=model, base_url=_checked(address))


def _parted(rest: str) -> tuple[str, str | None]:
    """An `@` that begins no address belongs to the model (`gemini@20240229`)."""
    places = [place for scheme in _SCHEMES if (place := rest.find(scheme)) >= 0]
    if not places:
        return rest.strip(), None
    return rest[: min(places)].strip(), rest[min(places) + 1 :]


def _checked(address: str) -> str:
    try:
        parse_url(address)
    except NodeError as error:
        raise WrongModel(f"the address of the model cannot be: {error.message}") from None
    if "?" in address or "#" in address:
        raise WrongModel("the address of a model has no `?` and no `#`", "write it like http://127.0.0.1:8000/v1")
    return address.rstrip("/")


def _hint(word: str) -> str:
    """`anthropic/claude-…`, as other programs write it, names its provider; so do names that only one has."""
    provider, slash, model = word.partition("/")
    if slash and provider in PROVIDERS and model:
        return f"write {provider}:{_short(model)}"
    family = next((provider for start, provider in _FAMILIES.items() if word.startswith(start)), "openai")
    return f"write {family}:{_short(word) or 'MODEL'}, or give the name a meaning in [models] of tenuto.toml"


def _near(provider: str, rest: str) -> str:
    near = get_close_matches(provider, PROVIDERS, n=1)
    if near:
        return f"did you mean `{near[0]}:{_short(rest)}`?"
    if rest.startswith("//"):
        return "write openai:MODEL@URL for any server that speaks OpenAI's wire"
    return f"there are {', '.join(PROVIDERS)}; a server that speaks OpenAI's wire is openai:MODEL@URL"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
