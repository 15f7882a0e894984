"""Sessions in the store, as agents of several processes use them at once."""

import asyncio
import time
from pathlib import Path

from tenuto.ports.store import Store
from tenuto.sdk.agents import Message
from tenuto.service.conversations import StoredConversations
from tenuto.stores.sql import open_store


def of(store: Store) -> StoredConversations:
    async def opened() -> Store:
        return store

    return StoredConversations(opened, time.time)


async def test_processes_that_answer_in_one_session_take_turns(tmp_path: Path) -> None:
    """Whoever holds it reads what all before have said, and adds its own pair to the end."""
    stores = [await open_store(tmp_path) for _ in range(3)]
    try:

        async def message(number: int) -> int:
            conversation, holder = of(stores[number % 3])("default", "chat"), f"run-{number}/ask"
            while not await conversation.hold(holder, 30):  # noqa: ASYNC110  as agents do
                await asyncio.sleep(0.005)
            known = len(await conversation.read())
            pair: list[Message] = [
                {"role": "user", "content": f"question {number}"},
                {"role": "assistant", "content": f"answer {number}"},
            ]
            await conversation.add(holder, pair)
            await conversation.add(holder, pair)  # a run that goes on after a crash says it again
            await conversation.release(holder)
            return known

        known = await asyncio.gather(*(message(number) for number in range(9)))
        said = [message["content"] for message in await of(stores[0])("default", "chat").read()]
    finally:
        for store in stores:
            await store.close()

    assert sorted(known) == [2 * number for number in range(9)]
    assert [text.replace("answer", "question") for text in map(str, said[1::2])] == said[::2]
