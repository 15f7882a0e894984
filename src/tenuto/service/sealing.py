"""Secrets sealed: each under a key of its own, that key under a master key. AES-256-GCM, nonces never used twice.

What a seal is for (tenant, stage, name, version, hosts) is part of it: moved to another place, it does not open.
"""

import json
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenuto.ports.sealed import Sealed, SealedEntry
from tenuto.service.master_keys import MasterKey

_NONCE: Final = 12  # bytes, as GCM wants it
_KEY: Final = 32


class Unopened(Exception):
    """It was not sealed for this place with this key, or it was changed."""


def seal(entry: SealedEntry, value: str, master: MasterKey) -> Sealed:
    key, nonce = os.urandom(_KEY), os.urandom(_NONCE)
    ciphertext = AESGCM(key).encrypt(nonce, value.encode("utf-8", "surrogatepass"), _place(entry))
    return Sealed(
        entry.tenant,
        entry.stage,
        entry.name,
        entry.version,
        entry.by,
        entry.at,
        nonce,
        ciphertext,
        _wrap(key, entry, master),
        master.id,
        hosts=entry.hosts,
    )


def unseal(sealed: Sealed, master: MasterKey) -> str:
    key = _unwrap(sealed, master)
    return _open(key, sealed.nonce, sealed.ciphertext, sealed).decode("utf-8", "surrogatepass")


def rewrap(sealed: Sealed, old: MasterKey, new: MasterKey) -> bytes:
    """The key of the secret under another master key; its value is not touched, nor seen."""
    return _wrap(_unwrap(sealed, old), sealed, new)


def _wrap(key: bytes, entry: SealedEntry, master: MasterKey) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(master.key).encrypt(nonce, key, _place(entry))


def _unwrap(sealed: Sealed, master: MasterKey) -> bytes:
    return _open(master.key, sealed.wrapped[:_NONCE], sealed.wrapped[_NONCE:], sealed)


def _open(key: bytes, nonce: bytes, ciphertext: bytes, entry: SealedEntry) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _place(entry))
    except (InvalidTag, ValueError):  # ValueError: the key or the nonce has no length that it could have
        raise Unopened(f"the secret `{entry.name}` does not open: it was changed, or moved from elsewhere") from None


def _place(entry: SealedEntry) -> bytes:
    """Spelt so that no two places are spelt alike."""
    return json.dumps([entry.tenant, entry.stage, entry.name, entry.version, *entry.hosts]).encode()
