"""`tx: Changing`: a transaction that changes who may do what. When it is committed, nothing is remembered of before."""

from typing import Annotated

from fastapi import Depends

from tenuto.api.platform import ThePlatform
from tenuto.api.transactions import Writing
from tenuto.ports.store import Transaction


async def _changing(platform: ThePlatform, tx: Writing) -> Transaction:
    tx.after_commit(platform.gate.forget)
    return tx


Changing = Annotated[Transaction, Depends(_changing, scope="function")]
