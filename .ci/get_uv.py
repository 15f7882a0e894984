"""Put `uv` at .uv/bin/uv, with the standard library of any Python 3 alone.

The one on PATH is taken if it is not older than the pinned one. Otherwise the pinned one is installed: by pip in an
environment of its own, or, where this Python comes without pip (Debian's does), from its wheel, checked by its hash.
"""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import venv
import zipfile
from pathlib import Path

PINNED = "0.13.8"
HOME = Path(".uv")
TARGET = HOME / "bin" / "uv"


def main() -> None:
    """Try the ways in turn; say in one sentence what to do where none works."""
    shutil.rmtree(HOME, ignore_errors=True)
    TARGET.parent.mkdir(parents=True)
    if not (from_path() or by_pip() or from_wheel()):
        sys.exit(f"uv {PINNED} could not be installed. Install uv (https://docs.astral.sh/uv/), then run make again.")


def from_path() -> bool:
    """Link the one that is installed."""
    found = shutil.which("uv")
    if not found:
        return False
    answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", answer)
    if not version or [int(part) for part in version.groups()] < [int(part) for part in PINNED.split(".")]:
        return False
    TARGET.symlink_to(Path(found).absolute())
    return True


def by_pip() -> bool:
    """Install it with pip, which knows the indexes and certificates that this machine is set up for."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return False
    print(f"Installing uv {PINNED} into {HOME}/", file=sys.stderr)
    try:
        venv.EnvBuilder(with_pip=True).create(HOME)
        pip = [str(HOME / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        return subprocess.run([*pip, f"uv=={PINNED}"], check=False).returncode == 0
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"pip does not work here ({error}); fetching the wheel instead", file=sys.stderr)
        return False


def from_wheel() -> bool:
    """Take the program out of its wheel."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    print(f"Fetching uv {PINNED} from {urllib.parse.urlsplit(index).hostname}", file=sys.stderr)
    try:
        page = fetch(index.rstrip("/") + "/uv/").decode()
        link = next((link for link in re.findall(r'href="([^"]+)"', page) if fits(link)), None)
        if link is None:
            print(f"There is no uv {PINNED} for {sys.platform} on {platform.machine()}.", file=sys.stderr)
            return False
        url, _, digest = urllib.parse.urljoin(index.rstrip("/") + "/uv/", link).partition("#sha256=")
        wheel = fetch(url)
    except (OSError, urllib.error.URLError) as error:
        print(f"The index cannot be reached: {error}", file=sys.stderr)
        return False
    if hashlib.sha256(wheel).hexdigest() != digest:
        print("What arrived is not what the index announced.", file=sys.stderr)
        return False
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        TARGET.unlink(missing_ok=True)
        TARGET.write_bytes(archive.read(f"uv-{PINNED}.data/scripts/uv"))
    TARGET.chmod(0o755)
    return True


def fits(link: str) -> bool:
    """Whether a link of the index is the wheel of the pinned version for this machine."""
    system = "macosx" if sys.platform == "darwin" else "musllinux" if not platform.libc_ver()[0] else "manylinux"
    name = link.partition("#")[0].rpartition("/")[2]
    return name.startswith(f"uv-{PINNED}-") and system in name and name.endswith(f"_{platform.machine()}.whl")


def fetch(url: str) -> bytes:
    """Read a page of the index, or a file it links to."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


if __name__ == "__main__":
    main()
