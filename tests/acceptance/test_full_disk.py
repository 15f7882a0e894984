"""R05, P11: on a full disk the server acknowledges nothing, says that it is not ready, and goes on by itself with room."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.process import Up, until, up

FLOW = {"flow": "kept", "nodes": {"a": {"use": "set", "with": {"value": "x" * 2_000}}}, "output": "${a}"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of a few megabytes, where the data directory is; the log of the server is elsewhere."""
    place = tmp_path / ".tenuto"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system takes privileges that this user has not")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def start(server: Up, key: str) -> tuple[int, str]:
    answer = server.client.post("/v1/runs", json={"document": FLOW}, headers={"Idempotency-Key": key})
    return answer.status_code, answer.json().get("id", answer.json().get("code"))


def ready(server: Up) -> int:
    return server.client.get("/health/ready").status_code


def test_a_full_disk_costs_nothing_that_was_acknowledged(tmp_path: Path, small_disk: Path):
    """Refusals are 503 and say why; readiness follows; with room it works again in ten seconds, without hand work."""
    ballast = small_disk / "ballast"
    with up(tmp_path) as server:
        acknowledged = [start(server, f"before-{each}")[1] for each in range(20)]
        with ballast.open("wb", buffering=0) as out:
            try:
                while True:
                    out.write(b"\0" * 4_096)
            except OSError:
                pass
        refused = {start(server, f"full-{each}") for each in range(100)}
        until(lambda: ready(server) == 503, 10)

        ballast.unlink()
        begun = time.monotonic()
        until(lambda: start(server, "after")[0] == 201 and ready(server) == 200, 30)
        took = time.monotonic() - begun
        again = {start(server, f"later-{each}")[0] for each in range(100)}
        views = [server.client.get(f"/v1/runs/{run}").json()["status"] for run in acknowledged]

    kept = {run for status, run in refused if status == 201}
    assert {said for status, said in refused if status != 201} <= {"storage_full"}
    assert {status for status, _ in refused} <= {201, 503}
    assert len(kept) < 100, "the disk was not full"
    assert took < 10
    assert again == {201}
    assert set(views) == {"succeeded"}
