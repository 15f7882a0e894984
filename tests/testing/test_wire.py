"""The scripted providers tell truly what they were asked, also to whoever comes after a kill."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import httpx2

from tenuto.testing.wire import Entry, WireServer, read_log, repeated

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def entry(n: int, phase: Literal["asked", "answered"], digest: str, status: int = 200) -> Entry:
    told = 0 if phase == "asked" else status
    return Entry(phase=phase, n=n, wire="chat", model="m", turn=0, digest=digest, status=told)


async def test_a_request_is_on_the_disk_before_it_is_answered(tmp_path: Path):
    log = tmp_path / "log"
    async with WireServer([{"text": "x", "fault": "hang"}], log=log) as wire, httpx2.AsyncClient() as client:
        asking = asyncio.create_task(client.post(f"{wire.openai}/chat/completions", json=HELLO))
        while not read_log(log):  # noqa: ASYNC110  a file has no event to wait for
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])

    assert [(each.phase, each.n) for each in read_log(log)] == [("asked", 1)]


def test_a_call_that_was_answered_and_is_asked_again_is_found():
    clean = [entry(1, "asked", "a"), entry(1, "answered", "a"), entry(2, "asked", "b")]
    failed = [entry(1, "asked", "a"), entry(1, "answered", "a", 500), entry(2, "asked", "a"), entry(2, "answered", "a")]
    cut = [entry(1, "asked", "a"), entry(1, "answered", "a", 0), entry(2, "asked", "a")]

    assert repeated(clean) == repeated(failed) == repeated(cut) == []
    assert repeated([*clean, entry(3, "asked", "a")]) == ["a"]


def test_a_torn_line_of_the_log_is_left_out(tmp_path: Path):
    (tmp_path / "log").write_text(
        json.dumps({"phase": "asked", "n": 1, "wire": "chat", "model": "m", "turn": 0, "digest": "a"})
        + '\n{"phase": "as'
    )

    assert [each.n for each in read_log(tmp_path / "log")] == [1]
    assert read_log(tmp_path / "none") == []


def test_it_runs_as_a_process_of_its_own(tmp_path: Path):
    (tmp_path / "script.yaml").write_text("[Hello.]")
    command = [sys.executable, "-m", "tenuto.testing.wire", "--script", "script.yaml", "--log", "log"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        answer = httpx2.post(f"{url}/v1/chat/completions", json=HELLO, headers={"Idempotency-Key": "run/node/model:1"})
        process.terminate()

    assert answer.json()["choices"][0]["message"]["content"] == "Hello."
    assert [(each.phase, each.key, each.status) for each in read_log(tmp_path / "log")] == [
        ("asked", "run/node/model:1", 0),
        ("answered", "run/node/model:1", 200),
    ]
    assert process.returncode == 0


async def test_what_it_does_not_speak_is_told():
    async with WireServer(["x"]) as wire, httpx2.AsyncClient() as client:
        other = await client.post(f"{wire.url}/v1/embeddings", json={})
        models = await client.get(f"{wire.openai}/models")
        over = await client.post(
            f"{wire.openai}/chat/completions",
            json={**HELLO, "messages": [*HELLO["messages"], {"role": "assistant", "content": "x"}]},
        )

    assert other.status_code == 404
    assert models.json()["data"][0]["id"] == "scripted"
    assert (over.status_code, "1 answers in order" in over.text) == (400, True)
