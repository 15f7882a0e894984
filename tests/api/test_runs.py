"""Runs over HTTP: started, listed, shown, told, started again, forgotten. Each in the tenant of who asks, and nowhere else."""

import asyncio
from typing import Any

import httpx2
import pytest

from tenuto.bootstrap.server import Server
from tenuto.ports.journal import Closed

HELLO = """\
flow: hello
input: {name: {type: string, default: world}}
nodes:
  greet: {use: set, with: {value: "Hello ${input.name}"}}
output: ${greet}
"""
ASKING = """\
flow: asking
input: {name: {type: string, default: world}}
nodes:
  greet: {use: set, with: {value: "Hello ${input.name}"}}
  ok: {use: approval, after: [greet], with: {question: "Well?", assignees: [ada]}}
  sorry: {use: set, after: [ok.rejected], with: {value: sorry}}
output: ${sorry ?? greet}
"""
MANY = """\
flow: many
nodes:
  each:
    use: map
    over: ${[1, 2, 3]}
    as: number
    nodes:
      ok: {use: approval, with: {question: "Take ${number}?"}}
    output: ${ok.comment}
output: ${each}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture
async def flows(admin: httpx2.AsyncClient) -> None:
    for text in (HELLO, ASKING, MANY):
        answer = await admin.post("/v1/flows", content=text, headers=YAML)
        assert answer.status_code == 201, answer.text


@pytest.fixture
async def stranger(admin: httpx2.AsyncClient, server: Server, flows: None) -> dict[str, str]:
    """The headers of the same administrator in another tenant."""
    answer = await admin.post("/v1/tenants", json={"name": "other"})
    assert answer.status_code == 201, answer.text
    return {"X-Tenant-Id": answer.json()["id"]}


async def started(admin: httpx2.AsyncClient, flow: str = "hello", **more: Any) -> dict[str, Any]:
    answer = await admin.post("/v1/runs", json={"flow": flow, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def waiting(admin: httpx2.AsyncClient, run: str) -> dict[str, Any]:
    """The run, as soon as it waits."""
    for _ in range(200):
        shown = (await admin.get(f"/v1/runs/{run}")).json()
        if shown["status"] == "waiting":
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(f"{run} does not come to wait")


async def begun(admin: httpx2.AsyncClient, run: str, node: str) -> dict[str, Any]:
    """The node, as soon as it says since when it runs."""
    for _ in range(200):
        shown = (await admin.get(f"/v1/runs/{run}")).json()["nodes"][node]
        if shown["started_at"]:
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(f"{node} of {run} does not begin")


@pytest.mark.usefixtures("flows")
class TestStarting:
    async def test_a_run_is_there_when_it_is_answered(self, admin: httpx2.AsyncClient):
        """201 with where it is, and what it is called."""
        answer = await admin.post("/v1/runs", json={"flow": "hello", "name": "first", "labels": {"team": "blue"}})

        said = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/v1/runs/{said['id']}"
        assert (said["name"], said["flow"], said["stage"]) == ("first", "hello", "dev")
        assert said["labels"] == {"team": "blue"}
        assert (await admin.get(answer.headers["location"])).json()["id"] == said["id"]

    async def test_a_run_says_of_which_version_it_is(self, admin: httpx2.AsyncClient):
        """By number, wherever it is shown, with the hash of its content beside it; a document that nobody saved has none."""
        first = (await admin.post("/v1/runs", json={"flow": "hello"})).json()
        await admin.post("/v1/flows", content=HELLO.replace("Hello", "Bye"), headers=YAML)
        second = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()
        old = (await admin.post("/v1/runs", json={"flow": "hello", "version": 1})).json()
        document = {"flow": "hello", "nodes": {"a": {"use": "set", "with": {"value": 7}}}}
        inline = (await admin.post("/v1/runs", json={"document": document})).json()
        forked = (await admin.post(f"/v1/runs/{first['id']}/fork")).json()

        listed = {run["id"]: run for run in (await admin.get("/v1/runs")).json()["items"]}
        shown = [(await admin.get(f"/v1/runs/{run['id']}")).json() for run in (first, second, old, inline, forked)]

        for run, number in zip((first, second, old, inline, forked), (1, 2, 1, None, 1), strict=True):
            assert (run["version"], listed[run["id"]]["version"]) == (number, number)
        assert [run["version"] for run in shown] == [1, 2, 1, None, 1]
        assert shown[0]["version_hash"] == shown[2]["version_hash"] != shown[1]["version_hash"]

    async def test_waiting_answers_with_the_outcome(self, admin: httpx2.AsyncClient):
        """DESIGN 8: `?wait=`; all that GET shows, once it has ended."""
        answer = await admin.post("/v1/runs?wait=10", json={"flow": "hello", "input": {"name": "Ada"}})

        said = answer.json()
        assert (said["status"], said["output"]) == ("succeeded", "Hello Ada")
        assert said["nodes"]["greet"]["status"] == "succeeded"

    async def test_waiting_ends_when_the_time_is_up(self, admin: httpx2.AsyncClient):
        """A run that waits for a person is answered as it stands."""
        answer = await admin.post("/v1/runs?wait=0.05", json={"flow": "asking"})

        assert (answer.status_code, answer.json()["status"]) == (201, "waiting")

    async def test_an_inline_document_runs(self, admin: httpx2.AsyncClient):
        """SEMANTICS 44: for who may write flows."""
        document = {"flow": "mine", "nodes": {"a": {"use": "set", "with": {"value": 7}}}, "output": "${a}"}

        answer = await admin.post("/v1/runs?wait=10", json={"document": document})

        assert answer.json()["output"] == 7

    async def test_an_inline_document_never_runs_in_production(self, admin: httpx2.AsyncClient):
        """SEMANTICS 44."""
        document = {"flow": "mine", "nodes": {"a": {"use": "set", "with": {"value": 7}}}}

        answer = await admin.post("/v1/runs", json={"document": document, "stage": "prod"})

        assert answer.status_code in {403, 404}

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422),
            ({"flow": "hello", "document": {}}, 422),
            ({"flow": "nothing"}, 404),
            ({"flow": "hello", "version": 9}, 404),
            ({"flow": "hello", "stage": "nowhere"}, 404),
            ({"flow": "hello", "input": {"nme": 1}}, 422),
            ({"flow": 3}, 422),
            ({"flow": "hello", "tenant": "other"}, 422),
            ({"flow": "hello", "labels": {"a:b": "c"}}, 422),
            ({"flow": "hello", "labels": {"a": 1}}, 422),
            ({"flow": "hello", "name": "a/b"}, 422),
            ({"flow": "hello", "name": ""}, 422),
            ({"flow": "hello", "input": {"name": "\x00"}}, 201),
            ([], 422),
        ],
    )
    async def test_what_cannot_be_started_says_why(self, admin: httpx2.AsyncClient, body: Any, status: int):
        """Never a 500, and never a run."""
        answer = await admin.post("/v1/runs", json=body)

        assert answer.status_code == status, answer.text
        if status != 201:
            assert answer.json()["detail"]
            assert (await admin.get("/v1/runs")).json()["items"] == []

    async def test_who_waits_for_a_run_when_the_server_stops_is_told_which_it_is(
        self, admin: httpx2.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch
    ):
        """It is durable and goes on with the next start: a refusal would have it started twice."""

        async def outcome(*_: object, **__: object) -> None:
            raise Closed("the host was closed")

        monkeypatch.setattr(type(server.platform.engine), "outcome", outcome)

        answer = await admin.post("/v1/runs?wait=10", json={"flow": "asking", "name": "mine"})

        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == "mine"
        assert answer.json()["status"] == "waiting"

    async def test_a_name_is_taken_once_in_a_tenant(self, admin: httpx2.AsyncClient, stranger: dict[str, str]):
        """Whoever asks at the same time is refused as well; another tenant has names of its own."""
        body = {"flow": "hello", "name": "mine"}

        answers = await asyncio.gather(*[admin.post("/v1/runs", json=body) for _ in range(10)])

        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
        await admin.post("/v1/flows", content=HELLO, headers=YAML | stranger)
        assert (await admin.post("/v1/runs", json=body, headers=stranger)).status_code == 201


@pytest.mark.usefixtures("flows")
class TestIdempotentStart:
    async def test_the_same_key_is_the_same_run(self, admin: httpx2.AsyncClient):
        """P9: another body is 409, another key another run."""
        key = {"Idempotency-Key": "k"}

        first = await admin.post("/v1/runs", json={"flow": "hello"}, headers=key)
        again = await admin.post("/v1/runs", json={"flow": "hello", "labels": {}}, headers=key)
        other = await admin.post("/v1/runs", json={"flow": "hello", "name": "x"}, headers=key)
        free = await admin.post("/v1/runs", json={"flow": "hello"}, headers={"Idempotency-Key": "l"})

        assert (first.status_code, again.status_code, other.status_code, free.status_code) == (201, 201, 409, 201)
        assert again.json()["id"] == first.json()["id"] != free.json()["id"]
        assert again.headers["idempotency-replayed"] == "true"

    async def test_an_answer_that_comes_again_says_how_the_run_ended(self, admin: httpx2.AsyncClient):
        """A status alone would say that a run which has an output has none; so with a retry."""
        body, key = {"flow": "hello"}, {"Idempotency-Key": "k"}
        made = (await admin.post("/v1/runs?wait=10", json=body, headers=key)).json()
        retry, from_greet = f"/v1/runs/{made['id']}/retry", {"from": "greet"}
        await admin.post(f"{retry}?wait=10", json=from_greet, headers={"Idempotency-Key": "r"})

        again = (await admin.post("/v1/runs", json=body, headers=key)).json()
        retried = (await admin.post(retry, json=from_greet, headers={"Idempotency-Key": "r"})).json()

        assert (again["status"], again["output"]) == ("succeeded", "Hello world")
        assert (retried["status"], retried["output"]) == ("succeeded", "Hello world")

    async def test_a_hundred_at_once_are_one_run(self, admin: httpx2.AsyncClient):
        """P9, R24."""
        body, key = {"flow": "asking", "name": "only"}, {"Idempotency-Key": "hundred"}

        answers = await asyncio.gather(*[admin.post("/v1/runs", json=body, headers=key) for _ in range(100)])

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len((await admin.get("/v1/runs")).json()["items"]) == 1

    async def test_what_was_refused_leaves_the_key_free(self, admin: httpx2.AsyncClient):
        """SEMANTICS 33: nothing is stored under a key of which nothing came."""
        key = {"Idempotency-Key": "k"}
        await started(admin, name="taken")

        refused = await admin.post("/v1/runs", json={"flow": "hello", "name": "taken"}, headers=key)
        after = await admin.post("/v1/runs", json={"flow": "hello"}, headers=key)

        assert (refused.status_code, after.status_code) == (409, 201)

    async def test_a_key_holds_in_its_tenant(self, admin: httpx2.AsyncClient, stranger: dict[str, str]):
        """Two tenants with one key have a run each."""
        key = {"Idempotency-Key": "k"}
        await admin.post("/v1/flows", content=HELLO, headers=YAML | stranger)

        ours = await admin.post("/v1/runs", json={"flow": "hello"}, headers=key)
        theirs = await admin.post("/v1/runs", json={"flow": "hello"}, headers=key | stranger)

        assert (ours.status_code, theirs.status_code) == (201, 201)
        assert ours.json()["id"] != theirs.json()["id"]

    async def test_a_key_that_cannot_be_kept_is_refused(self, admin: httpx2.AsyncClient):
        """Too long is 400."""
        answer = await admin.post("/v1/runs", json={"flow": "hello"}, headers={"Idempotency-Key": "k" * 256})

        assert answer.status_code == 400


@pytest.mark.usefixtures("flows")
class TestListing:
    async def test_filters_all_hold(self, admin: httpx2.AsyncClient):
        """Flow, status, label, parent, name and time."""
        blue = await started(admin, labels={"team": "blue"})
        red = await started(admin, "asking", labels={"team": "red"}, name="red-one")
        await waiting(admin, red["id"])

        async def found(**params: Any) -> list[str]:
            answer = await admin.get("/v1/runs", params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found() == [red["id"], blue["id"]]
        assert await found(flow="hello") == [blue["id"]]
        assert await found(status="waiting") == [red["id"]]
        assert await found(status=["waiting", "succeeded"]) == [red["id"], blue["id"]]
        assert await found(label="team:red") == [red["id"]]
        assert await found(label=["team:red", "team:blue"], flow="hello") == [blue["id"]]
        assert await found(name="red-one") == [red["id"]]
        assert await found(created_after="2020-01-01T00:00:00Z", created_before="2020-01-02T00:00:00Z") == []
        assert await found(parent=blue["id"]) == []

    async def test_what_was_listed_may_be_deleted(self, admin: httpx2.AsyncClient):
        """The next page goes on where this one ended, though none of its runs is there any more."""
        names = [(await started(admin))["name"] for _ in range(4)]
        first = (await admin.get("/v1/runs", params={"limit": 2})).json()
        await admin.post("/v1/runs/bulk", json={"action": "delete", "ids": [each["id"] for each in first["items"]]})

        second = await admin.get("/v1/runs", params={"limit": 2, "cursor": first["next_cursor"]})

        assert second.status_code == 200, second.text
        assert [each["name"] for each in second.json()["items"]] == names[1::-1]

    async def test_pages_follow_each_other(self, admin: httpx2.AsyncClient):
        """Newest first, each once."""
        made = [(await started(admin))["id"] for _ in range(5)]

        first = (await admin.get("/v1/runs", params={"limit": 2})).json()
        second = (await admin.get("/v1/runs", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        third = (await admin.get("/v1/runs", params={"limit": 2, "cursor": second["next_cursor"]})).json()

        assert [item["id"] for page in (first, second, third) for item in page["items"]] == made[::-1]
        assert third["next_cursor"] is None

    @pytest.mark.parametrize(
        ("params", "status"),
        [
            ({"limit": 0}, 422),
            ({"limit": 501}, 422),
            ({"cursor": "no"}, 400),
            ({"cursor": "no~run"}, 400),
            ({"cursor": "nan~run"}, 400),
            ({"status": "done"}, 422),
            ({"label": "x"}, 422),
            ({"created_after": "yesterday"}, 422),
            ({"parent": "nobody"}, 404),
        ],
    )
    async def test_what_cannot_be_asked_says_so(self, admin: httpx2.AsyncClient, params: Any, status: int):
        """4xx with a sentence."""
        answer = await admin.get("/v1/runs", params=params)

        assert answer.status_code == status, answer.text


@pytest.mark.usefixtures("flows")
class TestShowing:
    async def test_a_name_will_do(self, admin: httpx2.AsyncClient):
        """A beginning of one will not: over HTTP a run is named whole."""
        made = await started(admin, name="whole-name")

        assert (await admin.get("/v1/runs/whole-name")).json()["id"] == made["id"]
        assert (await admin.get("/v1/runs/whole")).status_code == 404

    async def test_a_node_that_runs_says_since_when(self, admin: httpx2.AsyncClient):
        """DESIGN 8: whoever comes while it runs sees it, and so does who came before."""
        nodes = {
            "go": {"use": "wait", "with": {"signal": "go"}},
            "long": {"use": "debug.sleep", "after": ["go"], "with": {"seconds": 60}},
        }
        run = (await admin.post("/v1/runs", json={"document": {"flow": "long", "nodes": nodes}})).json()
        url = f"/v1/runs/{run['id']}"
        before = (await admin.get(url)).json()["nodes"]["long"]
        await admin.post(f"{url}/signals/go", json={})
        kept = await begun(admin, run["id"], "long")

        fresh = (await admin.get(url, params={"limit": 50})).json()["nodes"]["long"]
        await admin.post(f"{url}/cancel")

        assert (before["status"], before["started_at"]) == ("pending", None)
        assert kept["status"] == "running"
        assert kept["started_at"] == fresh["started_at"] > run["created_at"]

    async def test_a_view_that_was_kept_goes_on(self, admin: httpx2.AsyncClient):
        """Shown, told, shown again: the second sight has what came in between."""
        made = await started(admin, "asking")
        before = await waiting(admin, made["id"])

        await admin.post(f"/v1/approvals/{made['id']}/ok", json={"approved": False})
        after = (await admin.get(f"/v1/runs/{made['id']}?wait=1")).json()

        assert before["nodes"]["ok"]["waits_for"]["question"] == "Well?"
        assert (after["status"], after["output"]) == ("succeeded", "sorry")

    async def test_what_stands_deeper_is_shown_by_page(self, admin: httpx2.AsyncClient):
        """SEMANTICS 45: `?under=path&cursor=`."""
        made = await started(admin, "many")
        await waiting(admin, made["id"])

        async def page(**params: Any) -> dict[str, Any]:
            return (await admin.get(f"/v1/runs/{made['id']}", params={"under": "each", "limit": 2, **params})).json()

        first = await page()
        second = await page(cursor=first["next_cursor"])

        assert list((await admin.get(f"/v1/runs/{made['id']}")).json()["nodes"]) == ["each"]
        assert [*first["nodes"], *second["nodes"]] == ["each[0].ok", "each[1].ok", "each[2].ok"]
        assert second["next_cursor"] is None
        assert (await admin.get(f"/v1/runs/{made['id']}", params={"under": "nothing"})).status_code == 404

    async def test_a_run_that_was_deleted_is_gone(self, admin: httpx2.AsyncClient):
        """From its page, from lists, from what was kept in memory, with its notes."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()
        await admin.post(f"/v1/runs/{made['id']}/notes", json={"text": "hm"})

        deleted = await admin.delete(f"/v1/runs/{made['id']}")

        assert deleted.status_code == 204
        for path in ("", "/events", "/logs", "/notes"):
            assert (await admin.get(f"/v1/runs/{made['id']}{path}")).status_code == 404
        assert (await admin.get("/v1/runs")).json()["items"] == []


@pytest.mark.usefixtures("flows")
class TestTelling:
    async def test_names_of_signals_may_be_paths(self, admin: httpx2.AsyncClient):
        """SEMANTICS 25: `each[1].ok`; a second answer is 409."""
        made = await started(admin, "many")
        await waiting(admin, made["id"])
        path = f"/v1/runs/{made['id']}/signals/each[1].ok"

        first = await admin.post(path, json={"approved": True, "comment": "two"})
        second = await admin.post(path, json={"approved": True})

        assert (first.status_code, second.status_code) == (200, 409)
        for item in ("each[0].ok", "each[2].ok"):
            await admin.post(f"/v1/runs/{made['id']}/signals/{item}", json={"approved": True})
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["output"] == [None, "two", None]

    async def test_the_same_key_is_one_signal(self, admin: httpx2.AsyncClient):
        """SEMANTICS 25: `Idempotency-Key` is honoured."""
        made = await started(admin, "asking")
        for _ in range(3):
            answer = await admin.post(
                f"/v1/runs/{made['id']}/signals/later", json={"x": 1}, headers={"Idempotency-Key": "s"}
            )
            assert answer.status_code == 200

        events = (await admin.get(f"/v1/runs/{made['id']}/events")).json()["items"]

        assert [event["type"] for event in events].count("signal.received") == 1

    async def test_a_run_that_has_ended_takes_no_word(self, admin: httpx2.AsyncClient):
        """SEMANTICS 25: 409; 404 for one that never was."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        for path in ("signals/x", "cancel", "pause", "resume"):
            assert (await admin.post(f"/v1/runs/{made['id']}/{path}")).status_code == 409
            assert (await admin.post(f"/v1/runs/nobody/{path}")).status_code == 404

    async def test_a_cancelled_run_ends(self, admin: httpx2.AsyncClient):
        """P8."""
        made = await started(admin, "asking")

        answer = await admin.post(f"/v1/runs/{made['id']}/cancel", json={"reason": "enough"})

        assert answer.status_code == 200
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["status"] == "cancelled"

    async def test_a_paused_run_goes_on_when_it_is_resumed(self, admin: httpx2.AsyncClient):
        """Nothing begins meanwhile."""
        made = await started(admin, "asking")
        await waiting(admin, made["id"])

        await admin.post(f"/v1/runs/{made['id']}/pause")
        await admin.post(f"/v1/approvals/{made['id']}/ok", json={"approved": False})
        paused = (await admin.get(f"/v1/runs/{made['id']}")).json()
        await admin.post(f"/v1/runs/{made['id']}/resume")

        assert (paused["paused"], paused["nodes"]["sorry"]["status"]) == (True, "pending")
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["output"] == "sorry"

    async def test_labels_change(self, admin: httpx2.AsyncClient):
        """Those that are named; null takes one away. A list finds them at once."""
        made = await started(admin, labels={"a": "1", "b": "2"})

        answer = await admin.patch(f"/v1/runs/{made['id']}", json={"labels": {"b": None, "c": "3"}})

        assert answer.json()["labels"] == {"a": "1", "c": "3"}
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["labels"] == {"a": "1", "c": "3"}
        assert len((await admin.get("/v1/runs", params={"label": "c:3"})).json()["items"]) == 1

    async def test_notes_are_kept_in_order(self, admin: httpx2.AsyncClient):
        """With who wrote them."""
        made = await started(admin)
        for text in ("one", "two"):
            assert (await admin.post(f"/v1/runs/{made['id']}/notes", json={"text": text})).status_code == 201

        said = (await admin.get(f"/v1/runs/{made['id']}/notes")).json()["items"]

        assert [(note["text"], note["by"]) for note in said] == [("one", "administrator"), ("two", "administrator")]
        key = (await admin.post("/v1/keys", json={"name": "ci", "permissions": ["runs:write"]})).json()["key"]
        path = f"/v1/runs/{made['id']}/notes"
        answer = await admin.post(path, json={"text": "three"}, headers={"Authorization": f"Bearer {key}"})
        assert answer.json()["by"] == "key:ci"


@pytest.mark.usefixtures("flows")
class TestStartingAgain:
    async def test_retry_and_fork_make_new_runs(self, admin: httpx2.AsyncClient):
        """DESIGN 8: both reuse what was recorded, and say where they came from."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        retried = await admin.post(f"/v1/runs/{made['id']}/retry?wait=10", json={"from": "greet"})
        forked = await admin.post(f"/v1/runs/{made['id']}/fork?wait=10", json={"edits": {"input.name": "Bob"}})
        diff = (await admin.get(f"/v1/runs/{made['id']}/diff/{forked.json()['id']}")).json()

        assert (retried.status_code, forked.status_code) == (201, 201)
        assert (retried.json()["output"], forked.json()["output"]) == ("Hello world", "Hello Bob")
        assert retried.json()["forked_from"] == forked.json()["forked_from"] == made["id"]
        assert (diff["equal"], diff["parts_at"]) == (False, "greet")

    async def test_a_success_is_not_retried_for_nothing(self, admin: httpx2.AsyncClient):
        """Only from a node on."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        answer = await admin.post(f"/v1/runs/{made['id']}/retry")

        assert answer.status_code == 422

    async def test_the_same_key_is_the_same_new_run(self, admin: httpx2.AsyncClient):
        """As with a start: many at once are one run; another body under the key is 409."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        for verb, body, other in (
            ("retry", {"from": "greet"}, {}),
            ("fork", {"edits": {"input.name": "Bob"}}, {"edits": {"input.name": "Eve"}}),
        ):
            path, headers = f"/v1/runs/{made['id']}/{verb}", {"Idempotency-Key": verb}
            asks = [admin.post(path, json=body, headers=headers) for _ in range(10)]
            answers = await asyncio.gather(*asks)
            changed = await admin.post(path, json=other, headers=headers)

            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.json()["id"] for answer in answers}) == 1
            assert sum("idempotency-replayed" in answer.headers for answer in answers) == 9
            assert changed.status_code == 409
        assert len((await admin.get("/v1/runs")).json()["items"]) == 3

    async def test_a_key_under_which_nothing_began_is_free_again(self, admin: httpx2.AsyncClient):
        """A retry that is refused has made no run."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()
        path, headers = f"/v1/runs/{made['id']}/retry", {"Idempotency-Key": "k"}

        refused = await admin.post(path, headers=headers)
        taken = await admin.post(path, json={"from": "greet"}, headers=headers)

        assert (refused.status_code, taken.status_code) == (422, 201)

    async def test_another_version_may_take_over(self, admin: httpx2.AsyncClient):
        """`version` is of the same flow."""
        made = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()
        await admin.post("/v1/flows", content=HELLO.replace("Hello", "Bye"), headers=YAML)

        answer = await admin.post(f"/v1/runs/{made['id']}/fork?wait=10", json={"version": 2})

        assert answer.json()["output"] == "Bye world"


@pytest.mark.usefixtures("flows")
class TestBulk:
    async def test_each_has_its_own_outcome(self, admin: httpx2.AsyncClient):
        """What is refused of one holds up none."""
        open_one = await started(admin, "asking")
        ended = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        said = (
            await admin.post("/v1/runs/bulk", json={"action": "cancel", "ids": [open_one["id"], ended["id"], "nobody"]})
        ).json()

        assert (said["done"], said["refused"]) == (1, 2)
        assert [item["error"] and item["error"]["code"] for item in said["items"]] == [None, "ended", "not_found"]

    async def test_a_filter_takes_only_those_to_which_it_can_be_done(self, admin: httpx2.AsyncClient):
        """`{}` is every run; what has ended is not cancelled, and not counted as refused."""
        open_one = await started(admin, "asking")
        await admin.post("/v1/runs?wait=10", json={"flow": "hello"})

        said = (await admin.post("/v1/runs/bulk", json={"action": "cancel", "filter": {}})).json()
        none = {"action": "cancel", "filter": {"status": ["succeeded"]}}
        nothing = (await admin.post("/v1/runs/bulk", json=none)).json()
        wrong = await admin.post("/v1/runs/bulk", json={"action": "cancel", "filter": {"status": ["done"]}})

        assert [(item["id"], item["ok"]) for item in said["items"]] == [(open_one["id"], True)]
        assert nothing["items"] == []
        assert wrong.status_code == 422

    async def test_what_is_refused_has_its_name(self, admin: httpx2.AsyncClient):
        """As far as there is such a run."""
        ended = (await admin.post("/v1/runs?wait=10", json={"flow": "hello"})).json()

        said = (await admin.post("/v1/runs/bulk", json={"action": "cancel", "ids": [ended["name"], "nobody"]})).json()

        names = [(item["id"], item["name"]) for item in said["items"]]
        assert names == [(ended["id"], ended["name"]), ("nobody", None)]

    async def test_a_filter_finds_them(self, admin: httpx2.AsyncClient):
        """Retry and delete too."""
        for _ in range(3):
            await started(admin, "asking", labels={"batch": "1"})
        await started(admin, "asking")
        batch = {"filter": {"labels": {"batch": "1"}}}

        cancelled = (await admin.post("/v1/runs/bulk", json={"action": "cancel", **batch})).json()
        retried = (await admin.post("/v1/runs/bulk", json={"action": "retry", **batch})).json()
        gone = (
            await admin.post(
                "/v1/runs/bulk",
                json={"action": "delete", "filter": {"status": ["cancelled"], "labels": {"batch": "1"}}},
            )
        ).json()

        assert (cancelled["done"], retried["done"], gone["done"]) == (3, 3, 3)
        assert all(item["run"] for item in retried["items"])

    @pytest.mark.parametrize(
        "body",
        [
            {"action": "cancel"},
            {"action": "explode", "ids": []},
            {"action": "cancel", "ids": ["x"], "filter": {}},
            {"action": "cancel", "ids": ["x"] * 1_001},
            {"action": "cancel", "filter": {"tenant": "other"}},
        ],
    )
    async def test_what_is_not_understood_touches_nothing(self, admin: httpx2.AsyncClient, body: Any):
        """422; no tenant but the asker's can be named."""
        assert (await admin.post("/v1/runs/bulk", json=body)).status_code == 422


class TestTenants:
    async def test_a_foreign_run_is_not_there(self, admin: httpx2.AsyncClient, stranger: dict[str, str]):
        """SECURITY 16: 404 wherever its id can stand, by name as by id, and in no list."""
        made = await started(admin, "asking", name="ours")
        await waiting(admin, made["id"])
        theirs = await admin.get("/v1/runs", headers=stranger)

        for run in (made["id"], "ours"):
            for method, path, body in _every_way(run):
                answer = await admin.request(method, path, json=body, headers=stranger)
                assert answer.status_code == 404, (method, path, answer.text)
        bulk = await admin.post("/v1/runs/bulk", json={"action": "cancel", "ids": [made["id"]]}, headers=stranger)
        assert bulk.json()["items"][0]["error"]["code"] == "not_found"
        assert theirs.json()["items"] == []
        assert (await admin.get("/v1/approvals", headers=stranger)).json()["items"] == []
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["status"] == "waiting"

    async def test_what_was_shown_to_one_is_not_shown_to_the_other(
        self, admin: httpx2.AsyncClient, stranger: dict[str, str]
    ):
        """SECURITY 23: what is kept ready is kept for a tenant."""
        made = await started(admin)
        await admin.get(f"/v1/runs/{made['id']}")

        assert (await admin.get(f"/v1/runs/{made['id']}", headers=stranger)).status_code == 404


def _every_way(run: str) -> list[tuple[str, str, Any]]:
    at = f"/v1/runs/{run}"
    return [
        ("GET", at, None),
        ("GET", f"{at}?under=ok", None),
        ("GET", f"{at}/events", None),
        ("GET", f"{at}/logs", None),
        ("GET", f"{at}/notes", None),
        ("GET", f"{at}/diff/{run}", None),
        ("POST", f"{at}/notes", {"text": "hm"}),
        ("POST", f"{at}/signals/ok", {"approved": True}),
        ("POST", f"{at}/cancel", None),
        ("POST", f"{at}/pause", None),
        ("POST", f"{at}/resume", None),
        ("POST", f"{at}/retry", None),
        ("POST", f"{at}/fork", None),
        ("POST", f"/v1/approvals/{run}/ok", {"approved": True}),
        ("PATCH", at, {"labels": {}}),
        ("DELETE", at, None),
    ]


@pytest.mark.parametrize(("method", "path", "body"), _every_way("some"))
async def test_nobody_is_let_in_without_a_credential(anonymous: httpx2.AsyncClient, method: str, path: str, body: Any):
    """401, whatever is asked."""
    assert (await anonymous.request(method, path, json=body)).status_code == 401
