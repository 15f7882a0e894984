"""Files over HTTP: handed in, referred to, taken out; inert whatever they hold, and of one tenant."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.live import listening
from api.test_runs import YAML, flows, stranger
from tenuto.api.tickets import Door
from tenuto.bootstrap.server import Server

__all__ = ["flows", "stranger"]

TAKING = """\
flow: taking
input: {file: {}}
nodes:
  keep: {use: set, with: {value: "${input.file}"}}
output: ${keep}
"""


async def uploaded(admin: httpx2.AsyncClient, content: bytes = b"hello", name: str = "a.txt") -> dict[str, Any]:
    answer = await admin.post(
        "/v1/files", params={"name": name}, content=content, headers={"Content-Type": "text/plain; charset=x"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestFiles:
    async def test_what_is_handed_in_comes_out(self, admin: httpx2.AsyncClient):
        """With its name and type, to be saved and never to be shown."""
        file = await uploaded(admin, b"\x00\xff", "a b.txt")

        answer = await admin.get(f"/v1/files/{file['$file']}")

        assert (file["name"], file["media_type"], file["size"]) == ("a b.txt", "text/plain", 2)
        assert answer.content == b"\x00\xff"
        assert answer.headers["content-type"] == "text/plain"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["content-disposition"] == "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"

    async def test_a_form_will_do(self, admin: httpx2.AsyncClient):
        """One file of a form; a form without one is 422."""
        answer = await admin.post("/v1/files", files={"file": ("x.csv", b"1,2", "text/csv")})
        empty = await admin.post("/v1/files", files={"file": (None, b"text")})

        assert (answer.json()["name"], answer.json()["media_type"]) == ("x.csv", "text/csv")
        assert empty.status_code == 422

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\y.txt", "y.txt"),
            ("a\r\nSet-Cookie: x=1", "aSet-Cookie: x=1"),
            ("\u202egpj.exe", "gpj.exe"),
            ("\x00", "file"),
            ("..", "file"),
            ('a";b.txt', 'a";b.txt'),
            ("größe.txt", "größe.txt"),
        ],
    )
    async def test_names_do_no_harm(self, admin: httpx2.AsyncClient, name: str, shown: str):
        """SECURITY 32, 72: no path, no line break, nothing that turns text around."""
        file = await uploaded(admin, name=name)

        disposition = (await admin.get(f"/v1/files/{file['$file']}")).headers["content-disposition"]

        assert file["name"] == shown
        assert "\n" not in disposition
        assert disposition.isascii()
        assert disposition.count('"') == 2

    @pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "nonsense", "a/b\tc", "x/y, text/html"])
    async def test_no_type_is_shown_inline(self, admin: httpx2.AsyncClient, kind: str):
        """SECURITY 76."""
        file = (await admin.post("/v1/files", content=b"<script>", headers={"Content-Type": kind})).json()

        answer = await admin.get(f"/v1/files/{file['$file']}")

        assert answer.headers["content-disposition"].startswith("attachment")
        assert "," not in answer.headers["content-type"]

    async def test_a_foreign_file_is_not_there(self, admin: httpx2.AsyncClient, stranger: dict[str, str]):
        """SECURITY 16: 404 for another tenant's id and for one that is made up, in the path as in an input."""
        file = await uploaded(admin)
        await admin.post("/v1/flows", content=TAKING, headers=YAML | stranger)
        forged = file["$file"][:-4] + "AAAA"

        for identifier in (file["$file"], "x", "A" * 64):
            assert (await admin.get(f"/v1/files/{identifier}", headers=stranger)).status_code == 404
            body = {"flow": "taking", "input": {"file": {"$file": identifier}}}
            assert (await admin.post("/v1/runs", json=body, headers=stranger)).status_code == 422
        assert (await admin.get(f"/v1/files/{forged}")).status_code == 404
        assert (await admin.get("/v1/runs", headers=stranger)).json()["items"] == []

    async def test_a_run_keeps_what_it_was_given(self, admin: httpx2.AsyncClient, server: Any):
        """The content lives as long as a run refers to it, also when the day on which it came is forgotten."""
        await admin.post("/v1/flows", content=TAKING, headers=YAML)
        kept, left = await uploaded(admin, b"kept"), await uploaded(admin, b"left")
        run = (await admin.post("/v1/runs?wait=5", json={"flow": "taking", "input": {"file": kept}})).json()

        files = server.engine.services.files
        files._clock = lambda: server.platform.clock() + 8 * 86_400
        await files.sweep()
        there = (await admin.get(f"/v1/files/{kept['$file']}")).status_code
        gone = (await admin.get(f"/v1/files/{left['$file']}")).status_code
        await admin.delete(f"/v1/runs/{run['id']}")

        assert (there, gone) == (200, 404)
        assert (await admin.get(f"/v1/files/{kept['$file']}")).status_code == 404


HALTING = 20 * 1024 * 1024  # more than the buffers of the system take


@asynccontextmanager
async def halting(url: str, path: str, token: str) -> AsyncGenerator[asyncio.StreamReader]:
    """Asks for it, and reads no more than its head."""
    host, _, port = url.rpartition("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    yield reader
    writer.close()


@pytest.mark.parametrize("stalled", [60.0, 0.1], ids=["leaves", "is hung up on"])
async def test_a_user_has_so_many_files_on_the_way(
    stalled: float, app: FastAPI, server: Server, monkeypatch: pytest.MonkeyPatch
):
    """Each is held in memory until it is taken: who takes none of a thousand could fill it."""
    monkeypatch.setattr("tenuto.api.tickets.DOWNLOADS", 1)
    monkeypatch.setattr("tenuto.api.downloads.STALLED", stalled)
    app.state.door = door = Door(lambda: 0.0)
    content = b"a" * HALTING
    file = await server.platform.files.save(content, name="a", media_type="text/plain", tenant="default", run="")
    path, headers = f"/v1/files/{file['$file']}", {"Authorization": f"Bearer {server.token}"}

    async with listening(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=20) as client:
        async with halting(url, path, server.token):
            refused = await client.get(path) if stalled > 1 else None
            while door.downloads and stalled < 1:  # noqa: ASYNC110  it has no event to wait for
                await asyncio.sleep(0.01)
        while door.downloads:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
        answer = await client.get(path)

    assert refused is None or (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert answer.content == content
    assert not door.downloads
