"""A copy of a data directory as one file, and a data directory made of such a copy.

The file is a tar: the journal, the store, and a manifest with the digest of each.

Keys are not: whoever finds the copy can read no secret. The manifest has their fingerprints, so that a restored directory
says which it lacks. Logs are not either.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from tenuto import __version__
from tenuto.ports.engine import Refused
from tenuto.service.key_files import to_disk

MANIFEST: Final = "manifest.json"
JOURNAL: Final = "journal.db"
STORE: Final = "store.db"
KEYS: Final = ("secret.key", "files.key", "keys.key", "jwt.key")
FORMAT: Final = 1
_CHUNK: Final = 1024 * 1024  # bytes
_LARGEST_MANIFEST: Final = 64 * 1024


@dataclass(slots=True, frozen=True)
class Restored:
    """`lacking`: keys that the directory had and the new one has not, with what cannot be read without them."""

    made_at: float
    version: str
    lacking: tuple[str, ...]


def pack(data: Path, folder: Path, target: Path) -> None:
    """Of what was copied into the folder, out of the data directory."""
    parts = [name for name in (JOURNAL, STORE) if (folder / name).exists()]
    manifest = {
        "format": FORMAT,
        "tenuto": __version__,
        "made_at": time.time(),
        "parts": {name: _digest(folder / name) for name in parts},
        "keys": {name: _fingerprint(data / name) for name in KEYS if (data / name).exists()},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    partial = folder / "packed"
    with tarfile.open(partial, "w") as out:
        for name in (MANIFEST, *parts):
            out.add(folder / name, name)
    to_disk(partial)
    partial.chmod(0o600)
    partial.replace(target)
    to_disk(target.parent)


def restore(file: Path, data: Path, keys: Path | None = None) -> Restored:
    """Make a data directory of a copy. `keys`: a directory where the keys are kept. Refused if the directory holds anything."""
    if data.exists() and any(data.iterdir()):
        raise Refused("invalid", f"{data} is not empty", "name a directory that does not exist yet")
    try:
        with tarfile.open(file) as packed:
            manifest = _manifest(file, packed)
            return _unpack(file, packed, manifest, data, keys)
    except (tarfile.TarError, EOFError):
        raise _no_backup(file) from None
    except OSError as error:
        raise Refused("invalid", f"{error.filename or file}: {error.strerror or error}") from None


def _manifest(file: Path, packed: tarfile.TarFile) -> dict[str, Any]:
    member = packed.next()
    if member is None or member.name != MANIFEST or not member.isfile() or member.size > _LARGEST_MANIFEST:
        raise _no_backup(file)
    source = packed.extractfile(member)
    assert source is not None
    try:
        manifest = cast("dict[str, Any]", json.loads(source.read()))
        known = manifest["format"] <= FORMAT and manifest["parts"].keys() <= {JOURNAL, STORE}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_backup(file) from None
    if not known:
        raise Refused("invalid", f"{file} was made by a newer Tenuto ({manifest.get('tenuto')})", "update this one")
    return manifest


def _unpack(
    file: Path, packed: tarfile.TarFile, manifest: Mapping[str, Any], data: Path, keys: Path | None
) -> Restored:
    """Beside the directory first, so that a damaged copy leaves nothing behind."""
    data.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{data.name}.", dir=data.parent))
    try:
        for name, digest in manifest["parts"].items():
            _extract(packed, name, folder / name)
            if _digest(folder / name) != digest:
                raise Refused("invalid", f"{file} is damaged: {name} is not what was copied", "use another copy")
        lacking = [name for name, print_ in manifest["keys"].items() if not _take_key(name, print_, keys, folder)]
        to_disk(folder)
        if data.exists():
            data.rmdir()
        folder.replace(data)
        to_disk(data.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Restored(manifest["made_at"], manifest["tenuto"], tuple(lacking))


def _extract(packed: tarfile.TarFile, name: str, target: Path) -> None:
    """By its exact name, as a plain file: whatever else the archive holds is not looked at."""
    member = packed.getmember(name) if name in packed.getnames() else None
    source = packed.extractfile(member) if member is not None and member.isfile() else None
    if source is None:
        raise Refused("invalid", f"the copy lacks {name}", "use another copy")
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(source, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())


def _take_key(name: str, fingerprint: str, keys: Path | None, folder: Path) -> bool:
    if keys is None or not (keys / name).is_file() or _fingerprint(keys / name) != fingerprint:
        return False
    shutil.copyfile(keys / name, folder / name)
    (folder / name).chmod(0o600)
    return True


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _fingerprint(file: Path) -> str:
    """Of 32 random bytes: it tells two keys apart, and nothing of either."""
    return hashlib.sha256(b"tenuto key\0" + file.read_bytes()).hexdigest()[:16]


def _no_backup(file: Path) -> Refused:
    return Refused("invalid", f"{file} is no backup of Tenuto", "`tenuto backup FILE` makes one")
