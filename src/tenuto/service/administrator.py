"""The administrator of an installation: whoever holds the token in `<data>/token`.

It is made at the first start. To change it, remove the file and start again, or write another into it: the file is read
anew all the time, so that an old token is worth nothing seconds later.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenuto.service.gate import Standing
from tenuto.service.key_files import check_worth, made_once

FILE: Final = "token"
_PREFIX: Final = "tna_"


def ensure_token(data: Path) -> tuple[str, bool]:
    """The token of the data directory, and whether it was made just now."""
    new = made_once(data / FILE, f"{_PREFIX}{secrets.token_urlsafe(32)}\n".encode())
    token = _read(data / FILE)
    check_worth(data / FILE, token)
    return token.decode("ascii", "replace"), new


@dataclass(slots=True, frozen=True)
class Administrator:
    """Proves the token of a data directory."""

    data: Path

    async def prove(self, credential: str, at: float) -> Standing | None:
        del at
        try:
            token = _read(self.data / FILE)
        except OSError:
            return None
        if not token or not hmac.compare_digest(_digest(token), _digest(credential.encode())):
            return None
        return Standing("admin", "admin", "administrator", None)


def _read(file: Path) -> bytes:
    return file.read_bytes().strip()


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
