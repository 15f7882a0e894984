"""`/v1/flows` through the whole application."""

import io
import zipfile
from typing import Any

import httpx2
import pytest

from tenuto.service.platform import Platform
from tenuto.service.sources import SourceFile

YAML = {"Content-Type": "application/yaml"}
HELLO = """\
# Says hello.
flow: hello
description: A greeting.
input:
  name: {type: string, default: world}
nodes:
  greet: {use: set, with: {value: "Hello ${input.name}"}}
output: ${greet}
"""
LATER = HELLO.replace("Hello $", "Good day $")
WRONG = HELLO.replace("use: set", "use: st")


async def save(admin: httpx2.AsyncClient, text: str = HELLO, **params: Any) -> httpx2.Response:
    return await admin.post("/v1/flows", content=text, headers=YAML, params=params)


async def publish(admin: httpx2.AsyncClient, stage: str, version: int | None = None) -> httpx2.Response:
    body = {} if version is None else {"version": version}
    return await admin.put(f"/v1/flows/hello/stages/{stage}", json=body)


class TestSaving:
    async def test_each_change_is_a_version_and_the_same_is_none(self, admin: httpx2.AsyncClient):
        """201 for what is new, 200 for what is there: `{name, version, hash}`."""
        answers = [await save(admin, text) for text in (HELLO, HELLO, LATER)]

        assert [answer.status_code for answer in answers] == [201, 200, 201]
        assert [answer.json()["version"] for answer in answers] == [1, 1, 2]
        assert answers[0].json() == answers[1].json()
        assert answers[0].json().keys() == {"name", "version", "hash"}

    async def test_json_says_the_same(self, admin: httpx2.AsyncClient):
        """By its content type."""
        first = await save(admin)
        document = (await admin.get("/v1/flows/hello")).json()["document"]
        again = await admin.post("/v1/flows", json=document)

        assert again.status_code == 200
        assert again.json()["hash"] == first.json()["hash"]

    async def test_problems_are_listed_with_their_places(self, admin: httpx2.AsyncClient):
        """422, and nothing is kept."""
        answer = await save(admin, WRONG)

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()["problems"][0]
        assert (problem["path"], problem["code"], problem["line"]) == ("nodes.greet.use", "unknown_type", 7)
        assert problem["hint"] == "did you mean `set`?"
        assert (await admin.get("/v1/flows/hello")).status_code == 404

    @pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
    async def test_another_type_is_not_taken(self, admin: httpx2.AsyncClient, kind: str):
        """It says which are."""
        answer = await admin.post("/v1/flows", content=HELLO, headers={"Content-Type": kind})

        assert answer.status_code == 415
        assert "application/yaml" in answer.json()["detail"]

    async def test_a_document_has_a_megabyte(self, admin: httpx2.AsyncClient):
        """More is 413, whatever it says."""
        comment = "# " + "x" * 2**20 + "\n"
        answer = await save(admin, comment + HELLO)

        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"

    async def test_a_flow_of_a_file_is_changed_there(self, admin: httpx2.AsyncClient, platform: Platform):
        """409, with the file."""
        await save(admin)
        platform.flows.sources.files["hello"] = SourceFile("flows/hello.yaml")
        answers = [await save(admin, LATER), await admin.delete("/v1/flows/hello"), await publish(admin, "dev")]

        assert {answer.status_code for answer in answers} == {409}
        assert "comes from flows/hello.yaml" in answers[0].json()["detail"]
        assert (await publish(admin, "prod")).status_code == 200
        assert (await admin.get("/v1/flows/hello")).json()["file"] == "flows/hello.yaml"

        platform.flows.sources.files["hello"] = SourceFile("flows/hello.yaml", gone=True)
        line = (await admin.get("/v1/flows")).json()["items"][0]
        assert (line["file"], line["gone"]) == ("flows/hello.yaml", True)
        assert (await save(admin, LATER)).status_code == 201


class TestDrafts:
    async def test_a_draft_may_have_problems(self, admin: httpx2.AsyncClient):
        """It is shown with them, and replaced by the version that is saved."""
        kept = await save(admin, WRONG, draft=True)
        again = await save(admin, WRONG, draft=True)
        shown = (await admin.get("/v1/flows/hello")).json()
        listed = (await admin.get("/v1/drafts")).json()["items"]
        await save(admin)

        assert (kept.status_code, again.status_code) == (201, 200)
        assert kept.json()["draft"] is True
        assert "version" not in kept.json()
        assert (shown["version"], shown["draft"], shown["source"]) == (None, True, WRONG)
        assert shown["problems"][0]["code"] == "unknown_type"
        assert [(line["name"], line["problems"]) for line in listed] == [("hello", 1)]
        assert (await admin.get("/v1/flows/hello", params={"draft": True})).status_code == 404
        assert (await admin.get("/v1/drafts")).json()["items"] == []

    async def test_a_text_that_is_no_yaml_can_be_kept_under_a_name(self, admin: httpx2.AsyncClient):
        """It comes back as it was written, and can be thrown away."""
        assert (await save(admin, "flow: [", draft=True)).status_code == 422
        await save(admin, "flow: [", draft=True, name="hello")
        text = await admin.get("/v1/flows/hello", headers={"Accept": "application/yaml"})

        assert text.text == "flow: ["
        assert (await admin.delete("/v1/flows/hello", params={"draft": True})).status_code == 204
        assert (await admin.get("/v1/flows/hello")).status_code == 404


class TestValidating:
    async def test_it_says_what_is_wrong_and_saves_nothing(self, admin: httpx2.AsyncClient):
        """Problems are an answer: 200."""
        good = await admin.post("/v1/flows/validate", content=HELLO, headers=YAML)
        bad = await admin.post("/v1/flows/validate", content=WRONG, headers=YAML)
        none = await admin.post("/v1/flows/validate", content="{", headers={"Content-Type": "application/json"})

        assert [answer.status_code for answer in (good, bad, none)] == [200, 200, 200]
        assert (good.json()["ok"], good.json()["name"], good.json()["problems"]) == (True, "hello", [])
        assert (bad.json()["ok"], bad.json()["problems"][0]["line"]) == (False, 7)
        assert none.json()["problems"][0]["code"] == "json"
        assert (await admin.get("/v1/flows")).json()["items"] == []

    async def test_its_hash_is_the_one_that_saving_gives(self, admin: httpx2.AsyncClient):
        """So that a client knows whether anything would change."""
        said = await admin.post("/v1/flows/validate", content=HELLO, headers=YAML)

        assert said.json()["hash"] == (await save(admin)).json()["hash"]

    async def test_expressions_from_outside_are_only_ever_checked(self, admin: httpx2.AsyncClient):
        """SECURITY 28: what works elsewhere is a problem here, quickly, and never a fault of the server."""
        for expression in ESCAPES:
            document = {"flow": "x", "nodes": {"a": {"use": "set", "with": {"value": "${" + expression + "}"}}}}
            answer = await admin.post("/v1/flows/validate", json=document)

            assert answer.status_code == 200, expression
            assert answer.json()["ok"] is False, expression
            assert answer.elapsed.total_seconds() < 10, expression

    async def test_what_can_only_be_seen_when_it_runs_gives_nothing_away(self, admin: httpx2.AsyncClient):
        """SECURITY 28: `format` knows no attributes, a value has no class, `vars` are variables."""
        outcomes = [
            await _evaluated(admin, expression)
            for expression in ("'{0.__class__}%s'.format([1])", "[1].map(x, x.__class__)", "vars.__dict__")
        ]

        assert [status for status, _ in outcomes] == ["succeeded", "failed", "failed"]
        assert outcomes[0][1] == "{0.__class__}1"


async def _evaluated(admin: httpx2.AsyncClient, expression: str) -> tuple[str, Any]:
    nodes = {"a": {"use": "set", "with": {"value": "${" + expression + "}"}}}
    answer = await admin.post("/v1/runs?wait=10", json={"document": {"flow": "x", "nodes": nodes, "output": "${a}"}})
    return answer.json()["status"], answer.json()["output"]


ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "input.__class__",
    "__import__('os').system('id')",
    "run.__init__.__globals__",
    "().__class__",
    "{{7*7}}",
    "{% for x in ().__class__ %}",
    "T(java.lang.Runtime).getRuntime().exec('id')",
    "#{T(java.lang.System).getenv()}",
    "constructor.constructor('return process')()",
    "$json.constructor",
    "this.process.mainModule.require('child_process')",
    "require('fs')",
    "globalThis",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "getattr(input, 'x')",
    "lambda: 1",
    "[x for x in [1]]",
    "f'{input}'",
    "`id`",
    "$(id)",
    "; DROP TABLE flows",
    "\uff49\uff4e\uff50\uff55\uff54",
    "secrets.KEY",
    "env.HOME",
    "process.env",
    "nodes.a.output",
    "matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$')",
    "(" * 500 + "1" + ")" * 500,
    "!" * 5_000 + "true",
    "1" * 5_000,
    "'" + "a" * 5_000 + "'",
    "9223372036854775808",
    "1e999",
    "\x00",
    "",
    "??",
    "a ? b",
]


class TestLooking:
    async def test_the_text_comes_back_as_it_was_written(self, admin: httpx2.AsyncClient):
        """With `Accept: application/yaml`, comments and all; otherwise the document."""
        await save(admin)
        text = await admin.get("/v1/flows/hello", headers={"Accept": "application/yaml"})
        first = await admin.get("/v1/flows/hello/versions/1", headers={"Accept": "text/yaml"})
        shown = (await admin.get("/v1/flows/hello", headers={"Accept": "*/*"})).json()

        assert text.text == first.text == HELLO
        assert text.headers["content-type"].startswith("application/yaml")
        assert (shown["version"], shown["description"], shown["document"]["flow"]) == (1, "A greeting.", "hello")

    async def test_lists_are_pages(self, admin: httpx2.AsyncClient):
        """By name, to the end, each once."""
        for name in ("c", "a", "e", "b", "d"):
            await save(admin, HELLO.replace("flow: hello", f"flow: {name}"))
        seen: list[str] = []
        cursor: str | None = None
        while True:
            params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await admin.get("/v1/flows", params=params)).json()
            seen += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert seen == ["a", "b", "c", "d", "e"]
        assert [item["name"] for item in (await admin.get("/v1/flows", params={"q": "e"})).json()["items"]] == ["e"]
        assert (await admin.get("/v1/flows", params={"cursor": "nonsense"})).status_code == 400
        assert (await admin.get("/v1/flows", params={"limit": 501})).status_code == 422

    async def test_versions_differ_where_they_differ(self, admin: httpx2.AsyncClient):
        """The history, one version, and what changed between two."""
        first = (await save(admin)).json()
        await save(admin, LATER)
        history = (await admin.get("/v1/flows/hello/versions")).json()["items"]
        by_hash = (await admin.get(f"/v1/flows/hello/versions/{first['hash']}")).json()
        diff = (await admin.get("/v1/flows/hello/diff", params={"from": 1, "to": 2})).json()

        assert [entry["version"] for entry in history] == [2, 1]
        assert by_hash["version"] == 1
        assert (diff["from"], diff["to"]) == (1, 2)
        assert [(change["path"], change["kind"]) for change in diff["changes"]] == [
            ("nodes.greet.with.value", "changed")
        ]
        assert (await admin.get("/v1/flows/hello/versions/3")).status_code == 404
        assert (await admin.get("/v1/flows/hello", params={"version": "3"})).status_code == 404

    async def test_an_unknown_name_is_404_whatever_it_is(self, admin: httpx2.AsyncClient):
        """SECURITY 72: no name reaches a file, and none is repeated as markup."""
        for name in ("nothing", "..%2f..%2fetc%2fpasswd", "%00", "%3Cscript%3E", "%E2%80%AE", "x" * 1000, "CON", "-"):
            for path in ("", "/versions", "/diff", "/stages", "/publications", "/export", "/versions/1"):
                answer = await admin.get(f"/v1/flows/{name}{path}")

                assert answer.status_code == 404, (name, path, answer.text)
                assert answer.headers["content-type"] == "application/problem+json"
                assert len(answer.content) < 1000


class TestPublishing:
    async def test_it_goes_forth_and_back(self, admin: httpx2.AsyncClient):
        """An older version is published as any; what is published where is on every flow."""
        await save(admin)
        await save(admin, LATER)
        newest = await publish(admin, "prod")
        back = await publish(admin, "prod", 1)
        await publish(admin, "dev")
        where = (await admin.get("/v1/flows/hello/stages")).json()["items"]
        listed = (await admin.get("/v1/flows")).json()["items"][0]
        told = (await admin.get("/v1/flows/hello/publications")).json()["items"]

        assert (newest.status_code, newest.json()["version"]) == (200, 2)
        assert back.json()["version"] == 1
        assert [(each["stage"], each["version"]) for each in where] == [("dev", 2), ("prod", 1)]
        assert listed["stages"] == {"dev": 2, "prod": 1}
        assert [(each["stage"], each["version"]) for each in told] == [("dev", 2), ("prod", 1), ("prod", 2)]

    async def test_it_is_taken_back(self, admin: httpx2.AsyncClient):
        """204, and then there is nothing to take."""
        await save(admin)
        await publish(admin, "prod")
        first = await admin.delete("/v1/flows/hello/stages/prod")
        second = await admin.delete("/v1/flows/hello/stages/prod")

        assert (first.status_code, second.status_code) == (204, 404)

    async def test_what_is_not_there(self, admin: httpx2.AsyncClient):
        """404 for a flow, a version or a stage; 409 for the stage that is reserved; 422 for what is no version."""
        await save(admin)
        path = "/v1/flows/hello/stages"

        assert (await admin.put("/v1/flows/other/stages/prod", json={})).status_code == 404
        assert (await publish(admin, "prod", 9)).status_code == 404
        assert (await publish(admin, "nowhere")).status_code == 404
        assert (await publish(admin, "mock")).status_code == 409
        for body in ({"version": 0}, {"version": "1x"}, {"versoin": 1}, []):
            assert (await admin.put(f"{path}/prod", json=body)).status_code == 422

    async def test_a_published_flow_is_not_deleted(self, admin: httpx2.AsyncClient):
        """409 says where it is published; without that it goes."""
        await save(admin)
        await publish(admin, "prod")
        refused = await admin.delete("/v1/flows/hello")
        await admin.delete("/v1/flows/hello/stages/prod")
        deleted = await admin.delete("/v1/flows/hello")

        assert (refused.status_code, deleted.status_code) == (409, 204)
        assert "published to prod" in refused.json()["detail"]
        assert (await admin.get("/v1/flows/hello")).status_code == 404


class TestTakingAlong:
    async def test_what_is_exported_is_imported_elsewhere(self, admin: httpx2.AsyncClient):
        """Into another tenant, with the flow that it calls."""
        caller = "flow: caller\nnodes:\n  a: {use: call, with: {flow: hello}}\noutput: ${a}\n"
        await save(admin)
        await save(admin, caller)
        bundle = await admin.get("/v1/flows/caller/export")
        made = await admin.post("/v1/tenants", json={"name": "other"})
        there = {"X-Tenant-Id": made.json()["id"]}
        done = await admin.post(
            "/v1/flows/import", content=bundle.content, headers={"Content-Type": "application/zip", **there}
        )
        listed = (await admin.get("/v1/flows", headers=there)).json()["items"]

        assert bundle.headers["content-disposition"] == 'attachment; filename="caller.zip"'
        assert sorted(zipfile.ZipFile(io.BytesIO(bundle.content)).namelist()) == [
            "flows/caller.yaml", "flows/hello.yaml", "tenuto.toml",
        ]  # fmt: skip
        assert done.status_code == 201
        assert [(flow["name"], flow["version"]) for flow in done.json()["flows"]] == [("caller", 1), ("hello", 1)]
        assert [flow["name"] for flow in listed] == ["caller", "hello"]

    async def test_a_bundle_with_a_problem_is_refused_whole(self, admin: httpx2.AsyncClient):
        """422 with every problem and its file."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("flows/hello.yaml", HELLO)
            archive.writestr("flows/wrong.yaml", WRONG.replace("flow: hello", "flow: wrong"))
        answer = await admin.post(
            "/v1/flows/import", content=out.getvalue(), headers={"Content-Type": "application/zip"}
        )

        assert answer.status_code == 422
        assert answer.json()["problems"][0]["path"] == "flows/wrong.yaml: nodes.greet.use"
        assert (await admin.get("/v1/flows")).json()["items"] == []

    async def test_what_is_no_bundle(self, admin: httpx2.AsyncClient):
        """422 for a zip that is none, 415 for another type."""
        no_zip = await admin.post("/v1/flows/import", content=b"x", headers={"Content-Type": "application/zip"})
        no_type = await admin.post("/v1/flows/import", json={})

        assert (no_zip.status_code, no_type.status_code) == (422, 415)


class TestWhoMay:
    @pytest.mark.parametrize(
        ("held", "allowed"),
        [
            ([], set()),
            (["flows:read"], {"list", "show", "validate", "export"}),
            (["flows:write"], {"save", "delete", "import"}),
            (["flows:publish"], {"publish", "unpublish"}),
        ],
    )
    async def test_each_permission_opens_its_own_routes(
        self, admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, held: list[str], allowed: set[str]
    ):
        """Whoever may read may not write; whoever may write may not publish."""
        await save(admin)
        permissions = held or ["runs:read"]
        made = await admin.post("/v1/keys", json={"name": "k", "permissions": permissions})
        anonymous.headers["X-API-Key"] = made.json()["key"]
        answers = {
            "list": await anonymous.get("/v1/flows"),
            "show": await anonymous.get("/v1/flows/hello"),
            "validate": await anonymous.post("/v1/flows/validate", content=HELLO, headers=YAML),
            "export": await anonymous.get("/v1/flows/hello/export"),
            "save": await save(anonymous, LATER),
            "import": await anonymous.post("/v1/flows/import", content=b"", headers={"Content-Type": "text/plain"}),
            "publish": await publish(anonymous, "prod"),
            "unpublish": await anonymous.delete("/v1/flows/hello/stages/dev"),
            "delete": await anonymous.delete("/v1/flows/other"),
        }

        assert {name for name, answer in answers.items() if answer.status_code != 403} == allowed

    async def test_nobody_without_a_credential(self, anonymous: httpx2.AsyncClient):
        """401, before the body is looked at."""
        assert (await save(anonymous, WRONG)).status_code == 401
        assert (await anonymous.get("/v1/flows")).status_code == 401
