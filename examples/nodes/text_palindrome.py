"""`text.palindrome`: whether a text reads the same backwards."""

from tenuto.sdk import node


@node("text.palindrome")
def palindrome(text: str) -> dict[str, object]:
    """Say whether a text reads the same backwards, spaces and capitals aside.

    Args:
        text: The text to look at.
    """
    letters = [char for char in text.casefold() if char.isalnum()]
    return {"text": text, "palindrome": letters == letters[::-1]}
