"""All that proves who somebody is, put together: built once, on the store and the keys of a data directory."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenuto.ports.store import Store
from tenuto.service import keys, login
from tenuto.service.administrator import Administrator
from tenuto.service.audit import Refusals
from tenuto.service.gate import Gate, Prover
from tenuto.service.key_files import key_of
from tenuto.service.keys import KeyProver
from tenuto.service.login import Login, SessionProver
from tenuto.service.passwords import Passwords
from tenuto.service.tokens import Tokens


@dataclass(slots=True, frozen=True, kw_only=True)
class Identity:
    """`key_secret`: with which API keys are digested."""

    gate: Gate
    login: Login
    passwords: Passwords
    key_secret: bytes


def make_identity(
    store: Store,
    data: Path,
    clock: Callable[[], float],
    *,
    passwords: Passwords | None = None,
    outside: Sequence[Prover] = (),
    steady: Callable[[], float] = time.monotonic,
) -> Identity:
    """`outside`: provers of tokens of other issuers. Whoever shows the token of the directory is its administrator."""
    tokens = Tokens(key_of(data / login.FILE))
    secret = key_of(data / keys.FILE)
    passwords = passwords or Passwords()

    async def exists(tenant: str) -> bool:
        async with store.read() as tx:
            return await tx.tenants.get(tenant) is not None

    provers = [Administrator(data), KeyProver(store, secret), SessionProver(store, tokens), *outside]
    gate = Gate(provers, clock, exists, Refusals(store, clock).report)
    return Identity(
        gate=gate,
        login=Login(store=store, passwords=passwords, tokens=tokens, gate=gate, clock=clock, steady=steady),
        passwords=passwords,
        key_secret=secret,
    )
