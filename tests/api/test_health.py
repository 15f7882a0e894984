"""Whether the server lives, and whether it can do its work."""

import httpx2


async def test_a_process_that_answers_lives(anonymous: httpx2.AsyncClient):
    """Nobody is asked who they are."""
    answer = await anonymous.get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"process": "ok"}}
