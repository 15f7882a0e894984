"""`/v1/agents` through the whole application: files in and out, versions, what is refused."""

from pathlib import Path
from typing import Any

import httpx2

from tenuto.documents.agent_file import kebab

FILES = Path(__file__).parents[1] / "documents" / "agent_files"
MARKDOWN = {"content-type": "text/markdown"}
LECTOR = "---\nname: Lector\ndescription: Reads.\nteam: books\ntools: [Bash, node:http.requst]\ncolor: red\n---\n\nYou read.\n"


async def save(admin: httpx2.AsyncClient, text: str = LECTOR, name: str = "lector", **headers: str) -> httpx2.Response:
    return await admin.put(f"/v1/agents/{name}", content=text, headers={**MARKDOWN, **headers})


async def names(admin: httpx2.AsyncClient, **asked: Any) -> list[str]:
    answer = await admin.get("/v1/agents", params={"limit": 500, **asked})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


async def test_a_file_is_saved_shown_and_kept_word_for_word(admin: httpx2.AsyncClient):
    saved = await save(admin)
    shown = await admin.get("/v1/agents/lector")
    text = await admin.get("/v1/agents/lector", headers={"accept": "text/markdown"})

    body = saved.json()
    assert (saved.status_code, body["name"], body["version"]) == (201, "lector", 1)
    assert [(each["path"], each["code"], each["severity"]) for each in body["problems"]] == [
        ("tools[0]", "foreign_tool", "warning"),
        ("tools", "unknown_tool", "warning"),
    ]
    agent = shown.json()
    assert agent | {"problems": [], "updated_at": ""} == {
        "name": "lector", "title": "Lector", "description": "Reads.", "team": "books", "source": "store", "model": ["inherit"],
        "runtime": "native", "tools": ["node:http.requst"], "version": 1, "hash": body["hash"], "updated_at": "", "file": None,
        "gone": False, "approve": [], "max_turns": 25, "budget": {}, "output": None, "extra": {"color": "red", "title": "Lector"},
        "prompt": "You read.", "by": "administrator", "problems": [],
    }  # fmt: skip
    assert (text.text, text.headers["content-type"]) == (LECTOR, "text/markdown; charset=utf-8")


async def test_the_same_as_json_is_the_same_agent(admin: httpx2.AsyncClient):
    saved = await save(admin)
    said = {
        "prompt": "You read.", "description": "Reads.", "team": "books", "tools": ["Bash", "node:http.requst"],
        "extra": {"color": "red", "title": "Lector"},
    }  # fmt: skip

    again = await admin.put("/v1/agents/lector", json=said)

    assert (again.status_code, again.json()["version"], again.json()["hash"]) == (200, 1, saved.json()["hash"])


async def test_tokens_of_a_budget_are_a_whole_number(admin: httpx2.AsyncClient):
    """As they were written, whichever way they came."""
    await admin.put("/v1/agents/thrifty", json={"prompt": "You save.", "budget": {"tokens": 1200, "usd": 0.5}})

    shown = await admin.get("/v1/agents/thrifty")

    assert '"budget":{"tokens":1200,"usd":0.5}' in shown.text


async def test_files_of_other_coding_agents_are_saved_unchanged(admin: httpx2.AsyncClient):
    for file in FILES.iterdir():
        source = file.read_text()
        name = kebab(source.partition("\nname: ")[2].partition("\n")[0])

        saved = await save(admin, source, name)
        text = await admin.get(f"/v1/agents/{name}", headers={"accept": "text/markdown"})

        assert saved.status_code == 201, saved.text
        assert text.text == source


async def test_what_is_wrong_is_told_with_its_line(admin: httpx2.AsyncClient):
    answer = await save(admin, "---\nname: lector\nruntime: nativ\n---\nHi.")

    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["path"], problem["code"], problem["line"]) == ("runtime", "unknown_runtime", 3)
    assert "did you mean `native`" in problem["hint"]


async def test_what_cannot_be_saved(admin: httpx2.AsyncClient):
    """Statuses as everywhere."""
    assert (await save(admin, name="another")).status_code == 422
    assert (await save(admin, "---\n---\nHi.", name="status")).status_code == 422
    assert (await save(admin, "---\n---\nHi.", name="Not A Name")).status_code == 422
    assert (await save(admin, "no front matter")).status_code == 422
    assert (await admin.put("/v1/agents/x", json={"prompt": "Hi.", "tenant": "other"})).status_code == 422
    assert (
        await admin.put("/v1/agents/x", content="{", headers={"content-type": "application/json"})
    ).status_code == 422
    assert (
        await admin.put("/v1/agents/x", content="a: b", headers={"content-type": "application/yaml"})
    ).status_code == 415
    assert (await admin.put("/v1/agents/x", content="a: b")).status_code == 415
    assert (await save(admin, "---\n---\n" + "a" * 2**20)).status_code == 413
    assert (await admin.get("/v1/agents/lector")).status_code == 404
    assert (await admin.get("/v1/agents", params={"cursor": "nonsense!"})).status_code == 400
    assert (await admin.get("/v1/agents", params={"source": "elsewhere"})).status_code == 422


async def test_nobody_writes_over_what_somebody_else_has_changed(admin: httpx2.AsyncClient):
    """`ETag` and `If-Match`."""
    first = await save(admin)
    shown = await admin.get("/v1/agents/lector")
    second = await save(admin, LECTOR + "More.", **{"If-Match": shown.headers["etag"]})
    late = await save(admin, LECTOR + "Less.", **{"If-Match": first.headers["etag"]})
    gone = await admin.delete("/v1/agents/lector", headers={"If-Match": first.headers["etag"]})

    assert (first.headers["etag"], second.status_code, second.json()["version"]) == (shown.headers["etag"], 201, 2)
    assert (late.status_code, late.json()["code"], gone.status_code) == (412, "changed", 412)
    assert (await save(admin, LECTOR + "Any.", **{"If-Match": '"other", ' + second.headers["etag"]})).status_code == 201
    assert (await save(admin, "---\n---\nNew.", "fresh", **{"If-Match": "*"})).status_code == 412


async def test_versions_outlive_the_agent(admin: httpx2.AsyncClient):
    await save(admin)
    await save(admin, LECTOR + "More.")
    deleted = await admin.delete("/v1/agents/lector")
    versions = await admin.get("/v1/agents/lector/versions")
    first = await admin.get("/v1/agents/lector/versions/1", headers={"accept": "text/markdown"})

    assert deleted.status_code == 204
    assert [each["version"] for each in versions.json()["items"]] == [2, 1]
    assert first.text == LECTOR
    assert (await admin.get("/v1/agents/lector/versions/2")).json()["prompt"] == "You read.\nMore."
    assert (await admin.get("/v1/agents/lector/versions/3")).status_code == 404
    assert (await admin.get("/v1/agents/lector")).status_code == 404
    assert (await admin.delete("/v1/agents/lector")).status_code == 404


async def test_the_catalog_lies_below_what_is_saved(admin: httpx2.AsyncClient):
    catalog = (await admin.get("/v1/agents/copywriter")).json()
    await save(admin, "---\n---\nMine.", "copywriter")
    mine = (await admin.get("/v1/agents/copywriter")).json()
    await admin.delete("/v1/agents/copywriter")

    assert (catalog["source"], catalog["team"], catalog["version"]) == ("catalog", "marketing", None)
    assert (mine["source"], mine["prompt"]) == ("store", "Mine.")
    assert (await admin.get("/v1/agents/copywriter")).json() == catalog
    assert (await admin.delete("/v1/agents/copywriter")).status_code == 409


async def test_they_are_listed_in_pages_and_by_what_they_are(admin: httpx2.AsyncClient):
    await save(admin)
    whole = await names(admin)
    first = (await admin.get("/v1/agents", params={"limit": 2})).json()
    second = (await admin.get("/v1/agents", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert whole == sorted(whole)
    assert [each["name"] for each in (*first["items"], *second["items"])] == whole[:4]
    assert (
        await names(admin, source="store")
        == await names(admin, team="books")
        == await names(admin, q="lect")
        == ["lector"]
    )
    assert "copywriter" in await names(admin, team="marketing", source="catalog")
    assert await names(admin, team="nobody") == []


async def test_an_agent_may_be_asked_for_by_its_title(admin: httpx2.AsyncClient):
    await save(admin)

    assert (await admin.get("/v1/agents/Lector")).json()["name"] == "lector"


async def test_what_is_done_is_audited(admin: httpx2.AsyncClient):
    await save(admin)
    await admin.delete("/v1/agents/lector")

    entries = (await admin.get("/v1/audit")).json()["items"]

    done = [(each["action"], each["subject"]) for each in entries if each["subject"] == "lector"]
    assert done == [("agents.delete", "lector"), ("agents.save", "lector")]
