"""Where a data directory lies: file systems whose locks and syncs cannot be trusted are worth a warning."""

from pathlib import Path
from typing import Final

_REMOTE: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"}
)


def warning_about(directory: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """A sentence if the directory is on a network file system; None also where the system does not tell."""
    kind = _kind_of(directory.resolve(), mounts)
    if kind in _REMOTE or kind.startswith("fuse."):
        return (
            f"{directory} is on a network file system ({kind}): its locks and syncs cannot be trusted, and facts may be"
            " lost. Put the data directory on a local disk."
        )
    return None


def _kind_of(directory: Path, mounts: Path) -> str:
    """The type of the innermost mount around the directory; of two at one place, the later."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    found = [(len(place.parts), kind) for place, kind in map(_mount, lines) if directory.is_relative_to(place)]
    deepest = max((depth for depth, _ in found), default=0)
    return next((kind for depth, kind in reversed(found) if depth == deepest), "")


def _mount(line: str) -> tuple[Path, str]:
    _, place, kind, *_ = line.split(" ")
    return Path(place.encode().decode("unicode_escape")), kind
