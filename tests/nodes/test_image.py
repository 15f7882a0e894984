"""`image.generate` asks a service that speaks OpenAI's words, here one of our own."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sdk.http.server import LOOPBACK, Server, http
from tenuto.sdk import NodeError, Registry
from tenuto.sdk.http import HttpClient
from tenuto.testing.check_node import try_node
from tenuto.testing.context import FakeContext

GENERATE = Registry()["image.generate"]
PNG = b"\x89PNG\r\n\x1a\n rest"
ANSWER = {"data": [{"b64_json": base64.b64encode(PNG).decode(), "revised_prompt": "a red fox, at dusk"}]}


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server of our own."""
    running = Server()
    running.start()
    yield running
    running.stop()


def generate(server: Server, ctx: FakeContext | None = None, **given: Any) -> Any:
    return asyncio.run(try_node(GENERATE, {"prompt": "a fox", **given}, ctx or artist(server))).value


def artist(server: Server) -> FakeContext:
    secrets = {"image_api_url": server.url("/v1"), "image_api_key": "sk-1234567"}
    return FakeContext(secrets=secrets, http=HttpClient(LOOPBACK))


def answering(server: Server, answer: Any) -> None:
    body = json.dumps(answer).encode()
    server.routes["/v1/images/generations"] = lambda _: http(body=body, content_type="application/json")


def test_a_picture_becomes_a_file(server: Server) -> None:
    """With its type, and the prompt as it was understood."""
    answering(server, ANSWER)
    ctx = artist(server)

    made = generate(server, ctx, size="1536x1024")

    assert asyncio.run(ctx.files.get(made["image"])) == PNG
    assert made["image"]["media_type"] == "image/png"
    assert made["prompt"] == "a red fox, at dusk"
    asked = server.seen[0]
    assert json.loads(asked.body) == {"prompt": "a fox", "size": "1536x1024", "model": "gpt-image-1", "n": 1}
    assert asked.headers["authorization"] == "Bearer sk-1234567"


def test_a_picture_at_an_address_is_fetched(server: Server) -> None:
    """As some services have it; the key does not go there."""
    answering(server, {"data": [{"url": server.url("/fox.png")}]})
    server.routes["/fox.png"] = lambda _: http(body=PNG, content_type="image/png")

    made = generate(server)

    assert made["image"]["size"] == len(PNG)
    assert "authorization" not in server.seen[1].headers


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"data": []},
        {"data": [1]},
        {"data": [{}]},
        {"data": [{"b64_json": "%%"}]},
        {"data": [{"b64_json": "aGVsbG8="}]},
    ],
)
def test_an_answer_without_a_picture_is_an_error(server: Server, answer: Any) -> None:
    """It is not asked again: it may have cost money."""
    answering(server, answer)

    with pytest.raises(NodeError) as caught:
        generate(server)

    assert caught.value.retry is False


def test_the_key_of_openai_goes_to_openai_alone(server: Server) -> None:
    """A tenant that names another address needs a key for it."""
    secrets = {"image_api_url": server.url("/v1"), "openai_api_key": "sk-openai-1"}
    answering(server, ANSWER)

    with pytest.raises(NodeError, match="image_api_key"):
        generate(server, FakeContext(secrets=secrets, http=HttpClient(LOOPBACK)))

    assert server.seen == []
