"""What was streamed since the last step, for who comes in the middle of it."""

from tenuto.hosts.local.words import KEPT, Words


def test_each_speaker_has_its_own_words_until_a_step_of_its_own_is_recorded() -> None:
    words = Words()
    for under in ("", "call:1", "call:1/call:2"):
        words.hear({"text": f"said under {under}", **({"agent": "helper", "under": under} if under else {})})

    words.recorded("call:1/model:3")

    assert [delta.get("under") for delta in words.replayed()] == [None, "call:1/call:2"]
    assert all(delta["replayed"] for delta in words.replayed())


def test_of_a_very_long_text_the_end_is_kept() -> None:
    words = Words()
    for number in range(100_000):
        words.hear({"text": f"{number:09} "})

    (delta,) = words.replayed()

    assert len(delta["text"]) == KEPT
    assert delta["text"].endswith("000099998 000099999 ")


def test_what_is_no_text_is_not_kept() -> None:
    words = Words()
    words.hear({"tool": "mail", "status": "called"})
    words.hear({"text": 5})

    assert list(words.replayed()) == []
