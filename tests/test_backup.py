"""P14: a copy of everything, taken while it is in use, makes a data directory that goes on."""

import asyncio
import json
import tarfile
from pathlib import Path

import httpx2
import pytest

from api.frame import asking
from tenuto.api.app import create_app
from tenuto.bootstrap.backup import back_up
from tenuto.bootstrap.server import Server, open_server
from tenuto.ports.engine import Refused
from tenuto.service.copies import KEYS, MANIFEST, restore
from tenuto.settings import Settings

FLOW: dict[str, object] = {"flow": "kept", "nodes": {"a": {"use": "set", "with": {"value": 1}}}, "output": "${a}"}
WAITS: dict[str, object] = {
    "flow": "waits",
    "nodes": {"ok": {"use": "wait", "with": {"signal": "go"}}},
    "output": "${ok}",
}


async def copied(server: Server, settings: Settings, target: Path) -> None:
    async def journal(path: Path) -> None:
        await server.journal.backup(path)

    await back_up(settings, journal, target)


def client(server: Server, settings: Settings):
    return asking(create_app(server.platform, settings))


async def start(asker: httpx2.AsyncClient, token: str, document: dict[str, object], key: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    answer = await asker.post("/v1/runs", json={"document": document}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_what_was_acknowledged_before_is_there_and_goes_on(tmp_path: Path):
    """Runs that start meanwhile may be in it or not; those that were acknowledged before are, in a later epoch, and an
    Idempotency-Key still means the same run."""
    settings = Settings(data=tmp_path / "data")
    async with open_server(settings) as server, client(server, settings) as asker:
        before = [await start(asker, server.token, WAITS if each % 2 else FLOW, f"k{each}") for each in range(10)]
        busy = asyncio.gather(*(start(asker, server.token, FLOW, f"m{each}") for each in range(30)))
        await copied(server, settings, tmp_path / "copy.tenuto")
        await busy
        epoch = server.journal.epoch

    restored = restore(tmp_path / "copy.tenuto", tmp_path / "again", keys=tmp_path / "data")

    again = Settings(data=tmp_path / "again")
    async with open_server(again) as server, client(server, again) as asker:
        taken = [recovered.run async for recovered in server.engine.recover()]
        same = [await start(asker, server.token, WAITS if each % 2 else FLOW, f"k{each}") for each in range(10)]
        later = server.journal.epoch
    assert restored.lacking == ()
    assert same == before
    assert {run for each, run in enumerate(before) if each % 2} <= set(taken)
    assert later > epoch


async def test_no_key_is_in_it_and_those_that_lack_are_named(tmp_path: Path):
    """Whoever finds the copy can open nothing."""
    settings = Settings(data=tmp_path / "data")
    async with open_server(settings) as server:
        await copied(server, settings, tmp_path / "copy.tenuto")

    content = (tmp_path / "copy.tenuto").read_bytes()
    restored = restore(tmp_path / "copy.tenuto", tmp_path / "again")

    found = [name for name in KEYS if (settings.data / name).exists()]
    assert set(restored.lacking) == set(found)
    assert [name for name in (*found, "token") if (settings.data / name).read_bytes().strip() in content] == []


async def test_nothing_is_restored_over_something(tmp_path: Path):
    """However little that is."""
    settings = Settings(data=tmp_path / "data")
    async with open_server(settings) as server:
        await copied(server, settings, tmp_path / "copy.tenuto")

    with pytest.raises(Refused, match="not empty"):
        restore(tmp_path / "copy.tenuto", tmp_path / "data")


@pytest.mark.parametrize("damage", ["bit", "cut", "not a backup", "newer", "path"])
async def test_a_damaged_copy_is_refused_and_leaves_nothing(tmp_path: Path, damage: str):
    """A flipped bit, half a file, something else, one of the future, a name that leads elsewhere."""
    settings, copy = Settings(data=tmp_path / "data"), tmp_path / "copy.tenuto"
    async with open_server(settings) as server:
        await copied(server, settings, copy)
    content = bytearray(copy.read_bytes())
    if damage == "bit":
        content[len(content) // 2] ^= 1
        copy.write_bytes(content)
    elif damage == "cut":
        copy.write_bytes(content[: len(content) // 2])
    elif damage == "not a backup":
        copy.write_bytes(b"hello" * 1000)
    else:
        (tmp_path / "x").write_text(
            json.dumps({"format": 99 if damage == "newer" else 1, "parts": {"../x": ""}, "keys": {}})
        )
        with tarfile.open(copy, "w") as out:
            out.add(tmp_path / "x", MANIFEST)
            out.add(tmp_path / "x", "../x")

    with pytest.raises(Refused):
        restore(copy, tmp_path / "again" / "deep")

    assert [each for each in tmp_path.rglob("*") if "deep" in each.name] == []  # noqa: ASYNC240  nothing else runs
