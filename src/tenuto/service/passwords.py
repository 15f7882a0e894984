"""Passwords: kept as argon2id, compared in a thread, a few at a time, and as slowly for somebody who does not exist."""

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tenuto.service.refusals import Refused

SHORTEST: Final = 8  # characters
LONGEST: Final = 1_024  # bytes
_AT_ONCE: Final = 2  # each takes its memory: a crowd at the door must not take it all


class Passwords:
    """`memory` in KiB. The defaults are those of RFC 9106 for machines that do other things too; tests take less."""

    def __init__(self, *, time: int = 3, memory: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time, memory_cost=memory, parallelism=lanes)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hashed(self, password: str) -> str:
        """What is kept of a new password, if it is one."""
        check_password(password)
        return await self._apart(_normal(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password that was kept. With None it is not, which takes as long to say."""
        if self._nobodys is None:
            self._nobodys = await self._apart("nobody has this password")
        if len(password.encode("utf-8", "surrogatepass")) > LONGEST:
            return False
        async with self._room:
            same = await asyncio.to_thread(self._verify, kept or self._nobodys, _normal(password))
        return same and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether it was kept with other costs than those of today."""
        return self._hasher.check_needs_rehash(kept)

    async def _apart(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password.encode("utf-8", "surrogatepass"))

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password.encode("utf-8", "surrogatepass"))
        except (Argon2Error, InvalidHashError):
            return False


def check_password(password: str) -> None:
    if len(password) < SHORTEST:
        raise Refused("invalid", f"a password has at least {SHORTEST} characters", "a sentence is easy to remember")
    if len(password.encode("utf-8", "surrogatepass")) > LONGEST:
        raise Refused("invalid", f"a password has at most {LONGEST} bytes", "choose a shorter one")


def _normal(password: str) -> str:
    """The same letters typed on another machine."""
    return unicodedata.normalize("NFC", password)
