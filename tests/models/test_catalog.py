"""A name finds its model, its key and its address; a key goes nowhere else; without any word there is a default."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenuto.models.catalog import Catalog
from tenuto.models.http import HttpClients
from tenuto.models.keys import Keys
from tenuto.ports.models import Price
from tenuto.ports.secrets import BoundSecret
from tenuto.sdk.agents import Endpoint, ModelError, ModelSpec
from tenuto.sdk.http.addresses import parse_networks
from tenuto.service.model_settings import read_models
from tenuto.testing.models import unheard
from tenuto.testing.wire import WireServer

NOWHERE = "http://127.0.0.1:9"  # nobody listens there
HELLO: Any = {"messages": [{"role": "user", "content": "Hello"}], "tools": []}


class Vault:
    """Secrets by tenant and name."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = {tuple(name.split("__")): value for name, value in secrets.items()}

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        return self.secrets[tenant, name]


def catalog(
    environment: Mapping[str, str] | None = None,
    vault: Vault | None = None,
    *,
    shared: bool = False,
    models: Any = None,
    **more: Any,
) -> Catalog:
    keys = Keys({"OLLAMA_HOST": NOWHERE, **(environment or {})}, vault, shared)
    return Catalog(keys=keys, named=read_models(models or {}), **more)


async def found(models: Catalog, *names: str, tenant: str = "default") -> list[Endpoint]:
    return await models.endpoints(names, tenant=tenant, stage="dev")


async def one(models: Catalog, *names: str, tenant: str = "default") -> Endpoint:
    (endpoint,) = await found(models, *names, tenant=tenant)
    return endpoint


class TestTheDefault:
    @pytest.mark.parametrize(
        ("environment", "name", "why"),
        [
            ({"OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b"}, "openai:gpt-6.1-sol", "OPENAI_API_KEY is set"),
            ({"ANTHROPIC_API_KEY": "b"}, "anthropic:claude-sonnet-5-5", "ANTHROPIC_API_KEY is set"),
            ({"AWS_PROFILE": "b"}, "bedrock:global.anthropic.claude-sonnet-5-5", "AWS_PROFILE is set"),
            ({}, "scripted:demo", "no model is named, no key is set, and no Ollama runs"),
        ],
    )
    async def test_is_the_provider_whose_key_is_there(self, environment: dict[str, str], name: str, why: str):
        spec = (await one(catalog(environment), "inherit")).spec

        assert spec.name == name
        assert why in spec.chosen

    async def test_is_a_running_ollama_where_no_key_is(self):
        async with WireServer(["Hi."], models=["llama3.2:3b", "qwen3"]) as wire:
            models = catalog({"OLLAMA_HOST": wire.url})
            endpoint = await one(models, "inherit")
            answer = await endpoint.guarded(lambda: endpoint.model.answer(HELLO, unheard, key="k"))
            cards = await models.cards(tenant="default", stage="dev")
            await models.aclose()

        assert (endpoint.spec.name, endpoint.spec.chosen) == ("ollama:llama3.2:3b", "no key is set, and an Ollama runs")
        assert (answer["text"], answer["model"]) == ("Hi.", "ollama:llama3.2:3b")
        assert [card.model for card in cards] == ["ollama:llama3.2:3b", "ollama:llama3.2:3b", "ollama:qwen3"]

    @pytest.mark.parametrize("word", ["inherit", "sonnet", "opus", "haiku"])
    async def test_is_what_the_setting_says_and_what_words_of_others_mean(self, word: str):
        models = catalog({"OPENAI_API_KEY": "a"}, model="scripted:demo")

        assert (await one(models, word)).spec.name == "scripted:demo"

    async def test_of_a_tenant_is_its_own_key_and_never_the_servers(self):
        models = catalog({"OPENAI_API_KEY": "server"}, Vault(acme__anthropic_api_key="theirs"))

        assert (await one(models, "inherit", tenant="acme")).spec.name == "anthropic:claude-sonnet-5-5"
        assert (await one(models, "inherit", tenant="other")).spec.name == "scripted:demo"


class TestNames:
    async def test_of_the_table_come_first_and_may_stand_for_several(self):
        models = catalog(
            {"OPENAI_API_KEY": "a"},
            models={"haiku": "openai:gpt-6-luna", "careful": ["openai:gpt-6-sol", "haiku", "scripted:demo"]},
        )

        specs = [endpoint.spec for endpoint in await found(models, "careful")]

        assert [spec.name for spec in specs] == ["openai:gpt-6-sol", "openai:gpt-6-luna", "scripted:demo"]
        assert specs[0].chosen == "[models] says what `careful` means"

    async def test_of_the_table_bring_options_and_a_price(self):
        table = {
            "house": {
                "model": "openai:qwen@http://10.0.0.5:8000/v1",
                "key": "HOUSE",
                "options": {"temperature": 0.2},
                "price": {"input": 1, "output": 2},
            }
        }
        endpoint = await one(catalog({"HOUSE": "secret"}, models=table), "house")

        assert (endpoint.spec.api_key, endpoint.spec.options) == ("secret", {"temperature": 0.2})
        assert endpoint.priced({"input_tokens": 1_000_000, "output_tokens": 0}).get("usd") == 1.0

    async def test_that_lead_in_a_circle_are_refused(self):
        models = catalog(models={"a": "b", "b": "a"})

        with pytest.raises(ModelError, match="leads in a circle"):
            await found(models, "a")

    async def test_that_make_no_sense_are_refused_with_a_hint(self):
        with pytest.raises(ModelError, match=r"did you mean `openai:gpt-6`\?"):
            await found(catalog(), "opena:gpt-6")

    async def test_without_a_key_are_left_out_where_another_has_one(self):
        models = catalog({"ANTHROPIC_API_KEY": "a"})

        assert (await one(models, "openai:gpt-6", "anthropic:claude-opus-5-5")).spec.provider == "anthropic"
        with pytest.raises(
            ModelError, match="set OPENAI_API_KEY in the environment, or set the secret `openai_api_key`"
        ):
            await found(models, "openai:gpt-6")

    async def test_of_one_place_share_a_breaker(self):
        models = catalog({"OPENAI_API_KEY": "a"})
        first, second = await found(models, "openai:gpt-6-sol", "openai:gpt-6-luna")

        assert first.breaker is second.breaker  # type: ignore[attr-defined]
        assert await one(models, "openai:gpt-6-sol") is first

    async def test_are_priced_by_the_users_table_first(self):
        endpoint = await one(
            catalog({"OPENAI_API_KEY": "a"}, prices={"openai:gpt-6-sol": Price(7.0, 7.0)}), "openai:gpt-6-sol"
        )

        assert endpoint.priced({"input_tokens": 1_000_000, "output_tokens": 0}).get("usd") == 7.0


class TestKeys:
    async def key(self, name: str, *, tenant: str = "default", vault: Vault | None = None, **more: Any) -> str:
        environment = {"OPENAI_API_KEY": "of-the-server", "ANTHROPIC_API_KEY": "of-the-server-too"}
        return (await one(catalog(environment, vault, **more), name, tenant=tenant)).spec.api_key

    async def test_of_the_server_go_to_the_providers_own_host(self):
        assert await self.key("openai:gpt-6") == "of-the-server"
        assert await self.key("openai-responses:gpt-6") == "of-the-server"

    async def test_of_the_server_go_to_no_address_of_an_agents_file(self):
        assert await self.key("openai:gpt-6@https://evil.example/v1") == ""

    async def test_of_the_server_go_where_the_administrator_says(self):
        table = {"proxy": "openai:gpt-6@https://proxy.example/v1"}

        assert await self.key("proxy", models=table) == "of-the-server"
        assert await self.key("openai:gpt-6@https://proxy.example/v1", models=table) == ""

    async def test_of_the_server_are_for_no_other_tenant_unless_shared(self):
        with pytest.raises(
            ModelError, match="the tenant `acme` has no key for openai: set the secret `openai_api_key`"
        ):
            await self.key("openai:gpt-6", tenant="acme")
        assert await self.key("openai:gpt-6", tenant="acme", shared=True) == "of-the-server"

    async def test_of_a_tenant_come_before_the_servers(self):
        vault = Vault(default__openai_api_key="own", acme__openai_api_key="theirs")

        assert await self.key("openai:gpt-6", vault=vault) == "own"
        assert await self.key("openai:gpt-6", tenant="acme", vault=vault) == "theirs"

    async def test_of_a_tenant_go_to_an_address_of_a_file_only_if_they_are_bound_to_it(self):
        loose, bound = Vault(acme__openai_api_key="theirs"), Vault()
        bound.secrets["acme", "openai_api_key"] = BoundSecret("theirs", ("llm.acme.example", "*.models.acme.example"))

        assert await self.key("openai:x@https://llm.acme.example/v1", tenant="acme", vault=loose) == ""
        assert await self.key("openai:x@https://llm.acme.example/v1", tenant="acme", vault=bound) == "theirs"
        assert await self.key("openai:x@https://eu.models.acme.example/v1", tenant="acme", vault=bound) == "theirs"
        assert await self.key("openai:x@https://llm.acme.example.evil.example/v1", tenant="acme", vault=bound) == ""
        with pytest.raises(ModelError, match="has no key for openai"):
            await self.key("openai:x", tenant="acme", vault=bound)

    async def test_of_aws_are_the_tenants_or_the_servers_own(self):
        vault = Vault(acme__aws_access_key_id="AKIA1", acme__aws_secret_access_key="s")

        assert await self.key("bedrock:amazon.nova-pro-v1:0", tenant="acme", vault=vault) == "AKIA1:s"
        assert await self.key("bedrock:amazon.nova-pro-v1:0", vault=vault) == ""
        with pytest.raises(ModelError, match="has no keys of AWS"):
            await self.key("bedrock:amazon.nova-pro-v1:0", tenant="other", vault=vault)

    async def test_are_not_shown(self):
        models = catalog({"OPENAI_API_KEY": "of-the-server"})
        endpoint = await one(models, "openai:gpt-6")

        assert "of-the-server" not in repr(endpoint) + repr(models) + repr(models.keys)


class TestAddresses:
    async def ask(self, name: str, **more: Any) -> str:
        models = catalog(**more)
        endpoint = await one(models, name)
        try:
            return (await endpoint.guarded(lambda: endpoint.model.answer(HELLO, unheard, key="k")))["text"]
        finally:
            await models.aclose()

    async def test_of_an_agents_file_inside_are_not_reached(self):
        async with WireServer(["Hi."]) as wire:
            with pytest.raises(ModelError, match="no place that nodes may reach") as error:
                await self.ask(f"openai:x@{wire.openai}")

        assert not wire.requests
        assert not error.value.retry

    async def test_of_an_agents_file_are_reached_where_that_is_allowed(self):
        async with WireServer(["Hi."]) as wire:
            assert await self.ask(f"openai:x@{wire.openai}", http=HttpClients(parse_networks("127.0.0.1/32"))) == "Hi."

        assert wire.requests[0].headers["authorization"] == "Bearer none"

    async def test_of_the_administrator_are_reached(self):
        async with WireServer({"rules": [{"text": "Hi."}]}) as wire:
            assert await self.ask("house", models={"house": f"openai:x@{wire.openai}"}) == "Hi."
            assert await self.ask("inherit", model=f"anthropic:x@{wire.anthropic}") == "Hi."
            assert await self.ask("openai:x", environment={"OPENAI_BASE_URL": f"{wire.openai}/"}) == "Hi."

    async def test_of_bedrock_stand_in_no_agents_file(self):
        with pytest.raises(ModelError, match="takes an address only in"):
            await self.ask("bedrock:x@https://evil.example")


class TestScripts:
    async def test_of_an_agents_file_lie_in_the_folder_of_the_server(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        (tmp_path / "in").mkdir()
        for file in ("in/here.yaml", "outside.yaml"):
            (tmp_path / file).write_text("[Hi.]")
        monkeypatch.chdir(tmp_path / "in")
        models = catalog(scripts=Path(), models={"named": f"scripted:{tmp_path}/outside.yaml"})

        assert (await one(models, "scripted:here.yaml")).spec.name == "scripted:here.yaml"
        assert (await one(models, "named")).spec.provider == "scripted"
        for outside in ("scripted:../outside.yaml", f"scripted:{tmp_path}/outside.yaml", "scripted:/etc/passwd"):
            with pytest.raises(ModelError, match="outside of the folder"):
                await found(models, outside)


class TestCards:
    async def test_show_what_there_is_and_to_no_tenant_what_another_asks(self):
        models = catalog({"OPENAI_API_KEY": "a"}, models={"haiku": "openai:gpt-6-luna"}, shared=True)
        await found(models, "openai:x@https://llm.acme.example/v1", tenant="acme")
        default, haiku = await models.cards(tenant="default", stage="dev")
        theirs = await models.cards(tenant="acme", stage="dev")

        assert (default.name, default.model, default.default) == ("default", "openai:gpt-6.1-sol", True)
        assert (haiku.name, haiku.model, haiku.breaker) == ("haiku", "openai:gpt-6-luna", "closed")
        assert haiku.price == Price(0.1, 0.5, 0.01, 0.125)
        assert [card.base_url for card in theirs][2:] == ["https://llm.acme.example/v1"]

    async def test_name_the_default_once_and_say_what_cannot_be_asked(self):
        models = catalog(models={"default": "scripted:demo", "haiku": "openai:gpt-6-luna", "odd": "opna:x"})

        default, haiku, odd = await models.cards(tenant="default", stage="dev")

        assert (default.model, default.default, default.trouble) == ("scripted:demo", True, "")
        assert "there is no key for openai" in haiku.trouble
        assert "`opna` is no provider of models" in odd.trouble

    async def test_tell_of_an_open_breaker(self):
        models = catalog({"OPENAI_API_KEY": "a"}, models={"haiku": "openai:gpt-6-luna"})
        endpoint: Any = await one(models, "haiku")
        for _ in range(5):
            endpoint.breaker.failed(models.clock.now())

        card = (await models.cards(tenant="default", stage="dev"))[1]

        assert card.breaker == "open"
        assert card.until == pytest.approx(models.clock.wall() + 30, abs=2)


class TestSpecs:
    def test_say_what_clients_of_aws_are_made_with(self):
        keys = ModelSpec(provider="bedrock", model="m", api_key="AKIA1:secret/with+signs")

        assert keys.aws == {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret/with+signs"}
        assert replace(keys, api_key="").aws == {}
        assert replace(keys, options={"timeout": 1, "cache": False, "temperature": 0}).params == {"temperature": 0}
