"""All models there are: names to endpoints, the default where nobody named one, and what each costs.

A name is, in this order: `inherit` (the default), a name of `[models]`, a word of other agents' files (the default, too),
or `provider:model[@base_url]`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tenuto.models import clients, ollama
from tenuto.models.breaker import Breaker
from tenuto.models.endpoint import Clock, ModelEndpoint, gravity
from tenuto.models.http import HttpClients
from tenuto.models.keys import ADDRESSES, Destination, Keys
from tenuto.models.names import WrongModel, parse
from tenuto.models.prices import price_of, shipped
from tenuto.models.scripted import DEMO
from tenuto.ports.models import ModelCard, Price, State
from tenuto.sdk.agents import Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.agent import INHERIT
from tenuto.service.model_settings import NamedModel

DEFAULTS: Final = {  # of a provider whose key is there, and nothing else is said
    "openai": "openai:gpt-6.1-sol",
    "anthropic": "anthropic:claude-sonnet-5-5",
    "bedrock": "bedrock:global.anthropic.claude-sonnet-5-5",
}
BORROWED: Final = frozenset(
    {"sonnet", "opus", "haiku", "fable", "opusplan", "default", "auto"}
)  # words of other agents' files
_DEEPEST: Final = 8
_KEPT: Final = 1_000  # endpoints
_OLLAMA_FRESH: Final = 30.0  # seconds that its list is believed


@dataclass(slots=True, frozen=True)
class Chosen:
    """One model that a name means. `trusted`: the administrator has named it, so its address and its file are believed."""

    name: str
    why: str
    trusted: bool = False
    key: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    price: Price | None = None


@dataclass(slots=True, kw_only=True)
class Catalog:
    """A `Models`. `model`: the setting. `scripts`: the folder that scripts of agents' files may lie in; None: anywhere."""

    keys: Keys = field(repr=False)
    model: str | None = None
    named: Mapping[str, NamedModel] = field(default_factory=dict[str, NamedModel])
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    http: HttpClients = field(default_factory=HttpClients)
    scripts: Path | None = None
    clock: Clock = field(default_factory=Clock)
    make: Callable[[ModelSpec], Model] = clients.make
    _endpoints: dict[tuple[Any, ...], ModelEndpoint] = field(
        default_factory=dict[tuple[Any, ...], ModelEndpoint], repr=False
    )
    _breakers: dict[tuple[Any, ...], Breaker] = field(default_factory=dict[tuple[Any, ...], Breaker], repr=False)
    _asked: dict[tuple[Any, ...], set[str]] = field(
        default_factory=dict[tuple[Any, ...], set[str]], repr=False
    )  # by which tenants
    _ollama: tuple[float, list[str]] | None = None

    async def endpoints(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Endpoint]:
        found: list[Endpoint] = []
        wrong: ModelError | None = None
        for chosen in await self._all(names or [INHERIT], tenant, stage):
            try:
                found.append(await self._endpoint(chosen, tenant, stage))
            except WrongModel:
                raise
            except ModelError as error:  # no key for this one: there may be for the next
                wrong = wrong or error
        if not found:
            raise wrong or ModelError("there is no model to ask", retry=False)
        return found

    async def cards(self, *, tenant: str, stage: str) -> list[ModelCard]:
        named = [("default", each) for each in await self._default(tenant, stage)]
        for name in [name for name in self.named if name != "default"]:
            with suppress(ModelError):
                named += [(name, each) for each in self._named(name, f"[models] says what `{name}` means", 0) or []]
        at_ollama = [f"ollama:{name}" for name in await self._at_ollama()]
        named += [(name, Chosen(name, "Ollama has it", trusted=True)) for name in at_ollama]
        cards = [await self._card(name, chosen, tenant, stage) for name, chosen in named]
        shown = {card.model for card in cards}
        asked = [each for which, each in self._endpoints.items() if tenant in self._asked.get(which, ())]
        cards.extend(self._seen(each) for each in asked if each.spec.name not in shown)
        return cards

    def down(self) -> int:
        return len({id(each.breaker) for each in self._endpoints.values() if each.state[0] == "open"})

    async def aclose(self) -> None:
        for endpoint in self._endpoints.values():
            await endpoint.aclose()
        self._endpoints.clear()
        await self.http.aclose()

    # --- from a name to what it means

    async def _all(self, names: Sequence[str], tenant: str, stage: str) -> list[Chosen]:
        found: list[Chosen] = []
        for name in names:
            named = self._named(name, f"[models] says what `{name}` means", 0)
            if named is not None:
                found.extend(named)
            elif name in {INHERIT, ""} | BORROWED:
                default = await self._default(tenant, stage)
                word = "" if name in {INHERIT, ""} else f"`{name}` means the default: "
                found.extend(replace(each, why=word + each.why) for each in default)
            else:
                found.append(Chosen(name, "by name"))
        return found

    def _named(self, name: str, why: str, depth: int) -> list[Chosen] | None:
        """What `[models]` says; None if it says nothing of that name."""
        named = self.named.get(name)
        if named is None:
            return None
        if depth > _DEEPEST:
            raise WrongModel(f"`{name}` of [models] leads in a circle", "give one of its names a provider and a model")
        found: list[Chosen] = []
        for each in named.models:
            inner = self._named(each, why, depth + 1) if each != name else None
            made = inner or [Chosen(each, why, trusted=True)]
            found.extend(_with(named, one) for one in made)
        return found

    async def _default(self, tenant: str, stage: str) -> list[Chosen]:
        if self.model:
            why = "the setting `model` says so"
            return self._named(self.model, why, 0) or [Chosen(self.model, why, trusted=True)]
        configured = self._named("default", "`default` of [models] says so", 0)
        if configured is not None:
            return configured
        for provider, name in DEFAULTS.items():
            where = await self.keys.has(provider, tenant=tenant, stage=stage)
            if where:
                return [Chosen(name, f"{where}, and no model is named", trusted=True)]
        running = await self._at_ollama()
        if running:
            return [Chosen(f"ollama:{running[0]}", "no key is set, and an Ollama runs", trusted=True)]
        return [Chosen(f"scripted:{DEMO}", "no model is named, no key is set, and no Ollama runs", trusted=True)]

    async def _at_ollama(self) -> list[str]:
        if self._ollama is None or self.clock.now() - self._ollama[0] >= _OLLAMA_FRESH:
            self._ollama = (self.clock.now(), await ollama.models_at(self._ollama_url))
        return self._ollama[1]

    @property
    def _ollama_url(self) -> str:
        return ollama.address(self.keys.environment.get("OLLAMA_HOST", ""))

    # --- from what it means to where it answers

    async def _endpoint(self, chosen: Chosen, tenant: str, stage: str) -> ModelEndpoint:
        spec, destination = self._placed(chosen)
        key = await self.keys.of(destination, tenant=tenant, stage=stage)
        trusted = destination.address is None or destination.trusted
        spec = replace(
            spec,
            api_key=key,
            options=chosen.options,
            chosen=chosen.why,
            http=(self.http.open if trusted else self.http.guarded)
            if spec.provider not in {"scripted", "local"}
            else None,
        )
        place = (spec.provider, spec.base_url, key, trusted)
        which = (*place, spec.model, spec.chosen, repr(sorted(spec.options.items())))
        if which not in self._endpoints:
            await self._make_room()
            price = chosen.price or price_of({**shipped(), **self.prices}, spec.provider, spec.model)
            alone = spec.model if spec.provider in {"scripted", "local"} else None  # each is a place of its own
            breaker = self._breakers.setdefault((*place, alone), Breaker())
            self._endpoints[which] = ModelEndpoint(spec, self.make, breaker, price=price, clock=self.clock)
        self._asked.setdefault(which, set()).add(tenant)
        return self._endpoints[which]

    def _placed(self, chosen: Chosen) -> tuple[ModelSpec, Destination]:
        """The spec with its address, and how far that is trusted. Raises `WrongModel` for what nobody may be sent to."""
        spec = parse(chosen.name)
        if spec.provider == "scripted" and not chosen.trusted:
            self._refuse_script(spec.model)
        if spec.provider == "bedrock" and spec.base_url and not chosen.trusted:
            raise WrongModel("`bedrock:` takes an address only in [models] of tenuto.toml", "leave it out")
        if spec.provider == "ollama":
            address = spec.base_url or self._ollama_url
            trusted = chosen.trusted or spec.base_url in {None, self._ollama_url}
            spec = replace(spec, base_url=address if address.endswith("/v1") else f"{address}/v1")
            return spec, Destination("ollama", spec.base_url, trusted, chosen.key)
        if spec.base_url is None:
            own = self.keys.environment.get(ADDRESSES.get(spec.provider, ""), "").rstrip("/")
            spec = replace(spec, base_url=own or None)
            return spec, Destination(spec.provider, spec.base_url, trusted=True, variable=chosen.key)
        return spec, Destination(spec.provider, spec.base_url, chosen.trusted, chosen.key)

    def _refuse_script(self, model: str) -> None:
        if model == DEMO or self.scripts is None:
            return
        root = self.scripts.resolve()
        if not Path(model).resolve().is_relative_to(root):
            raise WrongModel(
                f"the script `{model[:100]}` lies outside of the folder that this server works in",
                "put it there, or name it in [models] of tenuto.toml or as TENUTO_MODEL",
            )

    async def _make_room(self) -> None:
        while len(self._endpoints) >= _KEPT:
            oldest = next(iter(self._endpoints))
            self._asked.pop(oldest, None)
            await self._endpoints.pop(oldest).aclose()
        if len(self._breakers) >= _KEPT:
            self._breakers.clear()

    # --- what is shown

    async def _card(self, name: str, chosen: Chosen, tenant: str, stage: str) -> ModelCard:
        default = name == "default"
        try:
            spec, to = self._placed(chosen)
        except WrongModel as error:
            return ModelCard(name=name, model=chosen.name, chosen=chosen.why, default=default, trouble=error.message)
        here = spec.name, spec.base_url
        state, until = self._worst(
            [each for each in self._endpoints.values() if (each.spec.name, each.spec.base_url) == here]
        )
        return ModelCard(
            name=name,
            model=spec.name,
            chosen=chosen.why,
            default=default,
            base_url=spec.base_url or "",
            price=chosen.price or price_of({**shipped(), **self.prices}, spec.provider, spec.model),
            breaker=state,
            until=until,
            trouble=await self._trouble(to, tenant, stage),
        )

    async def _trouble(self, to: Destination, tenant: str, stage: str) -> str:
        missing = clients.lacking(to.provider)
        if missing:
            return f"its library is not installed: {missing}"
        try:
            await self.keys.of(to, tenant=tenant, stage=stage)
        except ModelError as error:
            return error.message
        return ""

    def _seen(self, endpoint: ModelEndpoint) -> ModelCard:
        state, until = self._worst([endpoint])
        spec = endpoint.spec
        return ModelCard(
            name=spec.name,
            model=spec.name,
            chosen=spec.chosen,
            base_url=spec.base_url or "",
            price=endpoint.price,
            breaker=state,
            until=until,
        )

    def _worst(self, endpoints: Sequence[ModelEndpoint]) -> tuple[State, float | None]:
        state, until = max((each.state for each in endpoints), key=gravity, default=("closed", 0.0))
        return (state, self.clock.wall() + until - self.clock.now()) if state != "closed" else ("closed", None)


def _with(named: NamedModel, chosen: Chosen) -> Chosen:
    """What a name says over what it means says."""
    return replace(
        chosen,
        key=chosen.key or named.key,
        options={**named.options, **chosen.options},
        price=chosen.price or named.price,
    )
