"""A server is there quickly, and takes little while nobody asks. The bounds are wide: machines of tests are busy."""

import re
import sys
import time
from pathlib import Path

import pytest

from acceptance.process import up

pytestmark = pytest.mark.serial


def test_it_answers_soon_after_the_first_start(tmp_path: Path):
    """Two seconds on a quiet machine (`make bench` measures it); thrice that here."""
    with up(tmp_path):
        pass

    with up(tmp_path) as server:
        healthy = server.healthy

    assert healthy < 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in /proc how much a process takes")
def test_it_takes_little_while_nobody_asks(tmp_path: Path):
    """At most 150 MB."""
    with up(tmp_path) as server:
        server.client.get("/health/ready")
        time.sleep(1)
        status = Path(f"/proc/{server.process.pid}/status").read_text()

    resident = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident is not None
    assert int(resident[1]) / 1024 < 150


def test_what_is_printed_says_where_to_go(tmp_path: Path):
    """The links that work, and the token once."""
    with up(tmp_path) as server:
        first, url = server.printed, str(server.client.base_url).rstrip("/")
        docs = server.client.get("/docs").status_code
    token = (tmp_path / ".tenuto" / "token").read_text().strip()
    with up(tmp_path) as server:
        second = server.printed

    assert docs == 200
    assert url in first
    assert f"{url}/docs#token={token}" in first
    assert token not in second
