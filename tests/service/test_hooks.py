"""Requests from outside become runs: once, and only where a flow is published."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from service.house import House, played
from tenuto.service import hooks
from tenuto.service.hooks import Incoming, WrongMethod
from tenuto.service.principal import Principal
from tenuto.service.refusals import Invalid, Refused

SECRET = "s3cret"


def flow(
    http: str, *, name: str = "orders", given: str = "{id: string, total: {type: integer, default: 0}}", more: str = ""
) -> str:
    said = f"input: {given}\n" if given else ""
    return (
        f"flow: {name}\n{said}triggers: [{{http: {{path: '/orders/{{id}}', {http}}}{more}}}]\n"
        'nodes: {a: {use: set, with: {value: "${trigger.body}"}}}\noutput: ${a}\n'
    )


OPEN = flow("auth: none")
SIGNED = flow("auth: {signature: github, secret: HOOK}")


async def sent(
    house: House,
    body: Any = None,
    *,
    path: str = "/orders/5",
    who: Principal | None = None,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    hops: int = 0,
) -> hooks.Received:
    """What the API does with a request."""
    segments = path.split("/")[1:]
    hook = await hooks.find(house.platform, "default", "dev", method, segments)
    raw = b"" if body is None else json.dumps(body).encode()
    incoming = Incoming(method, path, {"q": "1"}, headers or {}, raw, hops)

    identifier = await hooks.admit(house.platform, hook, incoming, who)
    return await hooks.receive(house.platform, hook, incoming, body, identifier)


def github(body: Any, delivery: str = "d-1") -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), json.dumps(body).encode(), hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}", "x-github-delivery": delivery}


class TestWhatARunIsGiven:
    def test_the_body_and_over_it_the_path(self):
        async def scene(house: House) -> None:
            await house.publish(OPEN)

            received = await sent(
                house, {"total": 3, "id": "of the body"}, headers={"content-type": "application/json"}
            )

            begun = await house.begun(received.entry.id)
            assert begun.input == {"id": "5", "total": 3}
            assert (received.entry.flow, received.entry.stage, received.again) == ("orders", "dev", False)
            assert received.entry.labels == {"trigger": "http"}

        played(scene)

    def test_the_rest_is_readable_without_what_proves_who_sent_it(self):
        async def scene(house: House) -> None:
            await house.publish(OPEN)

            received = await sent(
                house,
                {"total": 3},
                headers={
                    "x-shop": "7",
                    "authorization": "Bearer a",
                    "cookie": "b",
                    "x-api-key": "c",
                    "stripe-signature": "d",
                },
            )

            begun = await house.begun(received.entry.id)
            assert begun.trigger == {
                "type": "http",
                "method": "POST",
                "path": "/orders/5",
                "params": {"id": "5"},
                "query": {"q": "1"},
                "headers": {"x-shop": "7"},
                "body": {"total": 3},
                "hops": 0,
            }

        played(scene)

    def test_what_the_trigger_says_it_shall_be(self):
        async def scene(house: House) -> None:
            await house.publish(
                flow("auth: none", more=", input: {id: '${trigger.query.q}', total: '${size(trigger.body)}'}")
            )

            received = await sent(house, [1, 2, 3])

            assert (await house.begun(received.entry.id)).input == {"id": "1", "total": 3}

        played(scene)

    def test_a_flow_without_an_input_reads_the_trigger(self):
        async def scene(house: House) -> None:
            await house.publish(flow("auth: none", given=""))

            received = await sent(house, {"any": "thing"})

            assert (await house.host.outcome(received.entry.id)).output == {"any": "thing"}

        played(scene)

    def test_what_does_not_fit_is_said_and_starts_nothing(self):
        async def scene(house: House) -> None:
            await house.publish(OPEN)

            with pytest.raises(Invalid) as error:
                await sent(house, {"total": "three"})

            assert [problem.path for problem in error.value.problems] == ["input.total"]
            assert await house.runs() == []

        played(scene)

    @pytest.mark.parametrize(
        "body",
        [
            {"$file": "/etc/passwd"},
            {"doc": {"$file": "x", "name": "a", "media_type": "text/plain", "size": 1}},
            [{"deep": [{"$secret": "TOKEN"}]}],
            {"total": {"$secret": "TOKEN"}},
        ],
    )
    def test_shapes_that_mean_something_inside_are_refused(self, body):
        """SECURITY 71."""

        async def scene(house: House) -> None:
            await house.publish(flow("auth: none", given=""))

            with pytest.raises(Invalid) as error:
                await sent(house, body)

            assert error.value.problems[0].code == "reserved"
            assert await house.runs() == []

        played(scene)


class TestWhoMay:
    def test_a_key_is_asked_for_where_nothing_is_said(self):
        async def scene(house: House) -> None:
            await house.publish(flow("respond: accepted"))
            with pytest.raises(Refused, match="needs a credential"):
                await sent(house)

            reader = Principal("key", "k", "k", permissions=frozenset({"runs:read"}))
            with pytest.raises(Refused) as error:
                await sent(house, who=reader)
            assert error.value.code == "forbidden"

            stranger = Principal("key", "k", "k", "other", frozenset({"runs:write"}))
            with pytest.raises(Refused) as error:
                await sent(house, who=stranger)
            assert error.value.code == "unauthenticated"

            writer = Principal("key", "k", "k", permissions=frozenset({"runs:write"}))
            assert not (await sent(house, who=writer)).again

        played(scene)

    def test_a_signature_by_the_secret_of_the_stage(self):
        async def scene(house: House) -> None:
            await house.publish(SIGNED)
            house.secrets.values["HOOK"] = SECRET

            assert not (await sent(house, {"total": 1}, headers=github({"total": 1}))).again
            with pytest.raises(Refused) as error:
                await sent(house, {"total": 1}, headers=github({"total": 2}))

            assert error.value.code == "unauthenticated"
            assert len(await house.runs()) == 1

        played(scene)

    @pytest.mark.parametrize("value", [None, ""])
    def test_without_its_secret_a_trigger_lets_nobody_in(self, value):
        async def scene(house: House) -> None:
            await house.publish(SIGNED)
            if value is not None:
                house.secrets.values["HOOK"] = value
            digest = hmac.new(b"", b'{"total": 1}', hashlib.sha256).hexdigest()

            with pytest.raises(Refused, match="secret"):
                await sent(house, {"total": 1}, headers={"x-hub-signature-256": f"sha256={digest}"})

        played(scene)

    def test_a_chain_of_runs_ends_after_eight(self):
        """SECURITY 91."""

        async def scene(house: House) -> None:
            await house.publish(OPEN)

            eighth = await sent(house, hops=8)
            assert (await house.begun(eighth.entry.id)).trigger["hops"] == 8
            with pytest.raises(Refused) as error:
                await sent(house, hops=9)

            assert error.value.code == "loop"

        played(scene)


class TestPaths:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
    def test_only_the_declared_method_triggers(self, method):
        async def scene(house: House) -> None:
            await house.publish(OPEN)

            with pytest.raises(WrongMethod) as error:
                await sent(house, method=method)

            assert error.value.allowed == ["POST"]

        played(scene)

    def test_what_is_not_there_and_what_is_elsewhere_sound_alike(self):
        async def scene(house: House) -> None:
            await house.publish(OPEN, "prod")
            said: set[str] = set()

            for tenant, stage, path in (
                ("default", "dev", "/orders/5"),
                ("nobody", "prod", "/orders/5"),
                ("default", "prod", "/x"),
            ):
                with pytest.raises(Refused) as error:
                    await hooks.find(house.platform, tenant, stage, "POST", path.split("/")[1:])
                said.add(f"{error.value.code} {error.value}")

            assert len(said) == 1

        played(scene)


class TestOnce:
    def test_a_delivery_that_comes_again_is_the_same_run(self):
        """SECURITY 67."""

        async def scene(house: House) -> None:
            await house.publish(SIGNED)
            house.secrets.values["HOOK"] = SECRET
            first = await sent(house, {"total": 1}, headers=github({"total": 1}))
            house.clock.now += 250

            again = await sent(house, {"total": 1}, headers=github({"total": 1}))
            other = await sent(house, {"total": 1}, headers=github({"total": 1}, "d-2"))

            assert (again.again, again.entry.id) == (True, first.entry.id)
            assert (other.again, other.entry.id == first.entry.id) == (False, False)
            assert len(await house.runs()) == 2

        played(scene)

    def test_the_same_key_is_the_same_run(self):
        async def scene(house: House) -> None:
            await house.publish(flow("auth: none, key: '${trigger.body.total}'"))

            runs = [(await sent(house, {"total": total})).entry.id for total in (1, 2, 1, 1)]

            assert len(set(runs)) == 2
            assert runs[0] == runs[2] == runs[3]

        played(scene)

    def test_many_at_once_are_one_run(self):
        import asyncio

        async def scene(house: House) -> None:
            await house.publish(flow("auth: none, key: '${trigger.params.id}'"))

            received = await asyncio.gather(*(sent(house) for _ in range(20)))

            assert len({each.entry.id for each in received}) == 1
            assert sum(not each.again for each in received) == 1
            assert len(await house.runs()) == 1

        played(scene)

    def test_a_key_is_the_flows_own(self):
        async def scene(house: House) -> None:
            await house.publish(flow("auth: none, key: '${\"same\"}'"))
            await house.publish(flow("auth: none, key: '${\"same\"}', method: PUT", name="others"))

            one, other = await sent(house), await sent(house, method="PUT")

            assert one.entry.id != other.entry.id

        played(scene)

    def test_a_sender_whose_request_did_not_fit_may_try_again(self):
        async def scene(house: House) -> None:
            await house.publish(flow("auth: none, key: '${trigger.params.id}'"))
            with pytest.raises(Invalid):
                await sent(house, {"total": "x"})

            assert not (await sent(house, {"total": 1})).again

        played(scene)

    def test_what_crashed_between_the_promise_and_the_start_is_repaired_by_the_next_try(self, monkeypatch):
        async def scene(house: House) -> None:
            await house.publish(flow("auth: none, key: '${trigger.params.id}'"))
            start = house.host.start
            asked: list[str | None] = []

            async def die(request: Any) -> str:
                asked.append(request.run)
                raise RuntimeError("killed")

            monkeypatch.setattr(house.host, "start", die)
            with pytest.raises(RuntimeError):
                await sent(house)
            monkeypatch.setattr(house.host, "start", start)

            received = await sent(house)

            assert (received.entry.id, received.again) == (asked[0], True)
            assert len(await house.runs()) == 1

        played(scene)

    @pytest.mark.parametrize("key", ["${trigger.body}", "${''}", "${true}", "${trigger.nowhere}"])
    def test_a_key_that_is_none_is_refused(self, key):
        async def scene(house: House) -> None:
            await house.publish(flow(f'auth: none, key: "{key}"'))

            with pytest.raises(Refused) as error:
                await sent(house, {"total": 1})

            assert error.value.code == "invalid"

        played(scene)
