"""SECURITY 61: a secret that is for some hosts alone is sent to no other, not by a redirect and not beside another secret."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from hosts.local.harness import opened
from sdk.http.server import Server, http
from tenuto.core.flow import read
from tenuto.nodes.http.request import request
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.secrets import BoundSecret
from tenuto.sdk import Context, node
from tenuto.sdk.definition import NodeDefinition, definition_of
from tenuto.sdk.http import HttpClient
from tenuto.testing.driver import AnyType

VALUE = "s3cr3t-value"


class Safe:
    """Secrets that are for `localhost`, for what is below `example.com`, and for anybody."""

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        hosts = {"LOCAL": ("localhost",), "EXAMPLE": ("*.example.com",), "BOTH": ("localhost", "*.example.com")}
        return BoundSecret(VALUE, hosts[name]) if name in hosts else VALUE


@node("bound.own", secrets=["LOCAL"])
async def own(url: str, *, ctx: Context) -> int:
    """Asks with a secret that it declared itself."""
    answer = await ctx.http.get(url, headers={"X-Key": ctx.secret("LOCAL")})
    return answer.status


def defined(function: Any) -> NodeDefinition:
    definition = definition_of(function)
    assert definition is not None
    return definition


NODES = {definition.name: definition for definition in (defined(request), defined(own))}


@pytest.fixture
def sink() -> Iterator[Server]:
    running = Server()
    running.routes["/"] = lambda _: http()
    running.start()
    yield running
    running.stop()


async def ask(use: str, given: dict[str, Any]) -> Outcome:
    document = {"flow": "s", "nodes": {"a": {"use": use, "with": given}}, "output": "${a}"}
    flow, problems = read(document, AnyType())
    assert flow is not None, problems
    client = HttpClient([ip_network("127.0.0.1/32"), ip_network("::1/128")])
    try:
        async with opened(nodes=NODES, secrets=Safe(), http=client) as harness:
            return await harness.outcome(await harness.host.start(StartRequest(flow)))
    finally:
        await client.aclose()


def with_secret(url: str, *names: str) -> dict[str, Any]:
    return {"url": url, "headers": {f"X-{name}": f"Bearer ${{secrets.{name}}}" for name in names}}


def refused(outcome: Outcome) -> str:
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error["type"] == "permission"
    return str(outcome.error["message"])


async def test_it_is_sent_to_its_host(sink: Server) -> None:
    for names in (["LOCAL"], ["BOTH"], ["ANY"], ["LOCAL", "BOTH", "ANY"]):
        outcome = await ask("http.request", with_secret(sink.url(host="localhost"), *names))
        assert outcome.status == "succeeded", outcome.error
        assert sink.seen[-1].headers[f"x-{names[0].lower()}"] == f"Bearer {VALUE}"


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"X-Key": "${secrets.EXAMPLE}"}},
        {"query": {"key": "${secrets.EXAMPLE}"}},
        {"method": "POST", "body": {"deep": ["${secrets.EXAMPLE}"]}},
    ],
)
async def test_it_is_sent_nowhere_else(sink: Server, given: dict[str, Any]) -> None:
    said = refused(await ask("http.request", {"url": sink.url(host="localhost"), **given}))

    assert "the secret `EXAMPLE` may be sent to *.example.com alone" in said
    assert sink.seen == []


async def test_its_host_by_another_name_is_another_host(sink: Server) -> None:
    """The address is not the name: nobody vouches for it."""
    refused(await ask("http.request", with_secret(sink.url(), "LOCAL")))

    assert sink.seen == []


async def test_a_redirect_carries_it_nowhere(sink: Server) -> None:
    elsewhere = sink.url("/", host="127.0.0.1")
    sink.routes["/away"] = lambda _: http("307 Temporary Redirect", location=elsewhere)

    refused(await ask("http.request", with_secret(sink.url("/away", host="localhost"), "LOCAL")))

    assert [seen.path for seen in sink.seen] == ["/away"]


async def test_with_two_of_them_only_the_hosts_of_both_are_asked(sink: Server) -> None:
    refused(await ask("http.request", with_secret(sink.url(host="localhost"), "LOCAL", "EXAMPLE")))

    assert sink.seen == []


async def test_one_that_a_node_declared_is_bound_as_well(sink: Server) -> None:
    done = await ask("bound.own", {"url": sink.url(host="localhost")})
    said = refused(await ask("bound.own", {"url": sink.url()}))

    assert done.output == 200
    assert "`LOCAL`" in said
    assert VALUE not in said
    assert len(sink.seen) == 1
