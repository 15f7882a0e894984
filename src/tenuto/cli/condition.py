"""What `tenuto doctor` finds of the server: whether one answers, the store, keys, room, the clock, what is not installed."""

import http.client
import importlib.util
import json
import os
import shutil
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from tenuto.cli.house import Finding, Place
from tenuto.cli.look import duration, size

_SECONDS = 2.0
_SKEW = 5.0  # seconds
_LITTLE = 512 * 1024 * 1024  # bytes
_EXTRAS = {"postgres": "asyncpg", "otlp": "opentelemetry.exporter", "fast": "uvloop"}


def server_findings(place: Place) -> Iterator[Finding]:
    yield _port(place)
    yield from _store(place)
    yield from _keys(place)
    yield from _room(place)
    yield _extras()


def _port(place: Place) -> Finding:
    host, port = place.settings.host, place.settings.port
    at = f"{host}:{port}"
    try:
        status, said, date = _asked(host, port)
    except ConnectionRefusedError:
        return ("server", f"none answers at {at}; `tenuto up` starts one", None, "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = "does not answer in time" if isinstance(error, TimeoutError) else "is no server of Tenuto"
        return ("server", f"what listens at {at} {why}", False, "stop it, or choose another port: `tenuto up --port`")
    skew = 0.0 if date is None else abs(time.time() - date)
    if skew > _SKEW:
        return ("server", f"the clock at {at} differs by {duration(skew)}", False, "set the clocks by NTP")
    if status == 200:
        return ("server", f"answers at {at}: {said.get('status', '?')}", True, "")
    ill = ", ".join(f"{name} {text}" for name, text in said.get("checks", {}).items() if text != "ok")
    return ("server", f"answers at {at}: {said.get('status') or said.get('code', status)} ({ill})", False, "")


def _asked(host: str, port: int) -> tuple[int, dict[str, Any], float | None]:
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"Host": "localhost"})
        answer = connection.getresponse()
        said = json.loads(answer.read(100_000))
        date = answer.getheader("date")
        return answer.status, said, None if date is None else parsedate_to_datetime(date).timestamp()
    finally:
        connection.close()


def _store(place: Place) -> Iterator[Finding]:
    from tenuto.bootstrap.condition import store_condition

    if place.settings.database_url is not None:
        return
    found = store_condition(place.data)
    if found is None:
        yield ("store", "none yet; the first `tenuto up` makes it", None, "")
    elif found.trouble:
        yield ("store", f"{found.file}: {found.trouble}", False, "restore a backup")
    elif found.revision == found.expected:
        yield ("store", f"{found.file}, {size(found.file.stat().st_size)}, revision {found.revision}", True, "")
    else:
        yield (
            "store",
            f"revision {found.revision}; the next start makes it {found.expected}",
            None,
            "back it up before",
        )


def _keys(place: Place) -> Iterator[Finding]:
    ours = [*sorted(place.data.glob("*.key")), *place.data.glob("token")]
    open_ones = [file.name for file in ours if file.stat().st_mode & 0o077]
    if open_ones:
        hint = f"chmod 600 {' '.join(str(place.data / name) for name in open_ones)}"
        yield ("keys", f"others can read {', '.join(open_ones)}", False, hint)
    elif place.settings.secret_key is not None:
        yield ("keys", "the master key comes from TENUTO_SECRET_KEY", True, "")
    elif (place.data / "secret.key").exists():
        yield ("keys", f"the master key is {place.data / 'secret.key'}; no backup holds it", True, "")


def _room(place: Place) -> Iterator[Finding]:
    folder = place.data if place.data.exists() else place.data.absolute().parent
    if not folder.exists():
        return
    if not os.access(folder, os.W_OK):
        yield ("disk", f"{folder} cannot be written", False, "let this user write there, or see --data")
    free = shutil.disk_usage(folder).free
    yield ("disk", f"{size(free)} free", free > _LITTLE, "" if free > _LITTLE else "make room: a full disk stops runs")
    newest = max((file.stat().st_mtime for file in folder.glob("journal.db*")), default=0.0)
    ahead = newest - time.time()
    if ahead > _SKEW:
        yield (
            "clock",
            f"the journal was written {duration(ahead)} from now: the clock was set back",
            False,
            "set it by NTP",
        )


def _extras() -> Finding:
    lacking = [name for name, module in _EXTRAS.items() if not _installed(module)]
    if not lacking:
        return ("extras", "all are installed", True, "")
    return (
        "extras",
        f"not installed: {', '.join(lacking)}",
        None,
        f"pip install 'tenuto[{','.join(lacking)}]' where wanted",
    )


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
