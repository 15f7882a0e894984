"""SEMANTICS 43: secrets reach the node that asked, and nothing else: not the journal, a log, an error or a watcher."""

import asyncio
import base64
from typing import Any
from urllib.parse import quote

import pytest

from hosts.local.harness import opened
from tenuto.core.flow import read
from tenuto.core.values import Secret, SecretText
from tenuto.hosts.local.secrets import EnvironmentSecrets, resolve
from tenuto.ports.engine import Live, StartRequest
from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.definition import definition_of
from tenuto.service.redaction import Redactor
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.driver import AnyType

VALUE = "s3cr3t/pass+word=é"
SECRETS = EnvironmentSecrets({"TENUTO_SECRET_TOKEN": VALUE, "TENUTO_SECRET_OTHER": "another-one"})


async def play(function: Any, given: dict[str, Any], journal: MemoryJournal) -> tuple[Any, list[Live], list[Any]]:
    definition = definition_of(function)
    assert definition is not None
    document = {"flow": "s", "nodes": {"a": {"use": definition.name, "with": given}}, "output": "${a}"}
    flow, problems = read(document, AnyType())
    assert flow is not None, problems
    seen: list[Live] = []
    async with opened(journal, nodes={definition.name: definition}, secrets=SECRETS) as harness:
        run = await harness.host.start(StartRequest(flow))
        harness.host.services.hub.listen(run, seen.append)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        return outcome, seen, await harness.host.services.logs.read(run)


def leaks(journal: MemoryJournal, *others: Any) -> list[str]:
    """Where the value, or a disguise of it, can be read."""
    everything = [row.body.decode() for rows in journal._facts.values() for row in rows]
    everything += [blob.decode("utf-8", "replace") for blob in journal._blobs.values()]
    everything += [repr(other) for other in others]
    forms = [VALUE, quote(VALUE), quote(VALUE, safe=""), base64.b64encode(VALUE.encode()).decode()]
    return [text for text in everything for form in forms if form in text]


async def test_a_secret_reaches_the_function_and_is_recorded_by_name() -> None:
    got: list[Any] = []

    @node("secret.takes")
    async def takes(header: str, deep: dict[str, Any]) -> str:
        got.append((header, deep))
        return "ok"

    journal = MemoryJournal()
    given = {"header": "Bearer ${secrets.TOKEN}", "deep": {"list": ["${secrets.TOKEN}"]}}
    outcome, seen, logs = await play(takes, given, journal)

    assert outcome.output == "ok"
    assert got == [(f"Bearer {VALUE}", {"list": [VALUE]})]
    assert leaks(journal, outcome, seen, logs) == []
    assert any(b'"$secret":"TOKEN"' in row.body for rows in journal._facts.values() for row in rows)


async def test_whatever_a_node_does_with_a_secret_it_is_not_recorded() -> None:
    """Outputs, keys, errors, steps, deltas, logs; plain, in URLs, in base64 at any place."""

    @node("secret.gossips")
    async def gossips(token: str, *, ctx: Context) -> dict[str, Any]:
        ctx.log(f"using {token}", token=token)
        ctx.stream({"delta": token})
        await ctx.step("s", lambda value: {"sent": value}, token)
        disguised = base64.b64encode(f"user:{token}".encode()).decode()
        return {token: [token, quote(token, safe=""), disguised, f"x{token}y"]}

    journal = MemoryJournal()
    outcome, seen, logs = await play(gossips, {"token": "${secrets.TOKEN}"}, journal)

    assert outcome.status == "succeeded"
    assert outcome.output["[secret:TOKEN]"][0] == "[secret:TOKEN]"
    assert "[secret:TOKEN]" in outcome.output["[secret:TOKEN]"][2]
    assert any(live.kind == "delta" for live in seen)
    assert any(live.kind == "log" for live in seen)
    assert logs[0]["text"] == "using [secret:TOKEN]"
    assert leaks(journal, outcome, seen, logs) == []


async def test_an_error_does_not_tell_a_secret() -> None:
    @node("secret.fails")
    async def fails(token: str) -> None:
        raise NodeError(f"401 for {token}", type="http")

    journal = MemoryJournal()
    outcome, seen, _ = await play(fails, {"token": "${secrets.TOKEN}"}, journal)

    assert outcome.error["message"] == "401 for [secret:TOKEN]"
    assert leaks(journal, outcome, seen) == []


async def test_a_secret_that_does_not_exist_fails_the_node_and_says_where_to_put_it() -> None:
    @node("secret.wants")
    async def wants(token: str) -> None: ...

    outcome, _, _ = await play(wants, {"token": "${secrets.MISSING}"}, MemoryJournal())

    assert outcome.error["type"] == "secret"
    assert "TENUTO_SECRET_MISSING" in outcome.error["message"]


async def test_a_node_reads_only_the_secrets_that_it_declared() -> None:
    @node("secret.declares", secrets=["TOKEN", "absent"])
    async def declares(*, ctx: Context) -> list[Any]:
        found: list[Any] = [ctx.secret("TOKEN") == VALUE]
        for name in ("OTHER", "absent"):
            try:
                ctx.secret(name)
            except NodeError as error:
                found.append(error.type)
        return [*found, ctx.secret("TOKEN")]

    journal = MemoryJournal()
    outcome, _, _ = await play(declares, {}, journal)

    assert outcome.output == [True, "secret", "secret", "[secret:TOKEN]"]
    assert leaks(journal, outcome) == []


async def test_data_that_looks_like_a_recorded_secret_is_data() -> None:
    """Nobody can have a secret put in by sending `{"$secret": …}`."""

    @node("secret.echoes")
    async def echoes(value: Any) -> Any:
        return value

    outcome, _, _ = await play(echoes, {"value": {"$secret": "TOKEN"}}, MemoryJournal())

    assert outcome.output == {"$secret": "TOKEN"}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["", "z", "zy", ":x"])
def test_base64_is_seen_through_at_every_offset(before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add("T", "correct-horse-battery")

    encoded = base64.b64encode(f"{before}correct-horse-battery{after}".encode()).decode()

    assert "[secret:T]" in redactor.text(encoded)


def test_a_secret_inside_another_leaves_nothing_standing() -> None:
    redactor = Redactor()
    redactor.add("SHORT", "hunter")
    redactor.add("LONG", "hunter2-and-more")

    assert redactor.text("x hunter2-and-more hunter y") == "x [secret:LONG] [secret:SHORT] y"


def test_text_of_parts_is_joined() -> None:
    async def joined() -> Any:
        value = {"a": SecretText(("x", Secret("TOKEN"), "y"))}
        return await resolve(value, SECRETS, Redactor(), tenant="t", stage="dev")

    assert asyncio.run(joined()) == {"a": f"x{VALUE}y"}
