"""Master keys: with them the keys of single secrets are wrapped. Given by the environment, or made in `<data>/secret.key`.

There may be several: the first seals, all of them open. None is known beforehand, and none that could be guessed is taken.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tenuto.service.key_files import made_once, replaced
from tenuto.service.refusals import Refused

BYTES: Final = 32
_DISTINCT: Final = 12  # of random bytes far more differ; of a word or a row of zeros, fewer
_HOW: Final = "make one with `openssl rand -base64 32`"


@dataclass(slots=True, frozen=True)
class MasterKey:
    """`id` says which it is without saying what it is."""

    id: str
    key: bytes = field(repr=False)


class MasterKeys(Protocol):
    def all(self) -> Sequence[MasterKey]:
        """The one that seals, then the older ones."""
        ...


class GivenKeys:
    """From the setting `secret_key`: base64, several with commas between them. They are checked at once."""

    def __init__(self, text: str) -> None:
        self._keys = _read(text.replace(",", "\n"), "TENUTO_SECRET_KEY")

    def all(self) -> Sequence[MasterKey]:
        return self._keys


class FileKeys:
    """In a file that only its owner may read, a key a line, made at first use. What another process wrote is noticed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._keys: Sequence[MasterKey] = ()

    def all(self) -> Sequence[MasterKey]:
        if self._stamp is None:
            made_once(self._file, _line(secrets.token_bytes(BYTES)))
        found = self._file.stat()
        stamp = found.st_mtime_ns, found.st_ino
        if stamp != self._stamp:
            self._keys = _read(self._file.read_text("ascii", "replace"), str(self._file))
            self._stamp = stamp
        return self._keys

    def add(self) -> MasterKey:
        """A new key, which seals from now on."""
        older = b"".join(_line(each.key) for each in self.all())
        replaced(self._file, _line(secrets.token_bytes(BYTES)) + older)
        return self.all()[0]

    def forget_older(self) -> int:
        """Keep only the key that seals; how many went."""
        newest, *older = self.all()
        replaced(self._file, _line(newest.key))
        return len(older)


def master_keys(data: Path, given: str | None) -> GivenKeys | FileKeys:
    """Those that hold for a data directory; refused if one of them could be guessed."""
    keys = GivenKeys(given) if given is not None else FileKeys(data / "secret.key")
    keys.all()
    return keys


def _read(text: str, where: str) -> Sequence[MasterKey]:
    keys = [_key(line.strip(), where) for line in text.splitlines() if line.strip()]
    if not keys:
        raise Refused("insecure", f"{where} holds no key", _HOW)
    return keys


def _key(text: str, where: str) -> MasterKey:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("insecure", f"a key in {where} is not base64", _HOW) from None
    if len(key) != BYTES:
        raise Refused("insecure", f"a key in {where} has {len(key)} bytes and must have {BYTES}", _HOW)
    if len(set(key)) < _DISTINCT or all(0x20 <= byte < 0x7F for byte in key):
        raise Refused("insecure", f"a key in {where} can be guessed: it is a text, or nearly all alike", _HOW)
    return MasterKey(hashlib.sha256(b"tenuto master key\0" + key).hexdigest()[:16], key)


def _line(key: bytes) -> bytes:
    return base64.b64encode(key) + b"\n"
