"""The conversation that an agent begins with: who it is, what was said before, and its task with the parameters below it."""

import json
import re
from typing import Any, Final, cast

from tenuto.sdk.agents.messages import ImagePart, Message, TextPart
from tenuto.sdk.agents.runtime import Work

_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


def opening(work: Work) -> list[Message]:
    """The first messages, for every runtime alike."""
    return [{"role": "system", "content": work.agent.prompt}, *work.history, task_message(work)]


def task_message(work: Work) -> Message:
    """The task, each parameter as a block of its name; pictures as pictures."""
    blocks = [work.task]
    images: list[ImagePart] = []
    for name, value in work.parameters.items():
        if _is_image(value):
            images.append({"type": "image", "image": value})
        else:
            blocks.append(_block(name, value))
    text = "\n\n".join(blocks)
    if not images:
        return {"role": "user", "content": text}
    said: list[TextPart | ImagePart] = [{"type": "text", "text": text}, *images]
    return {"role": "user", "content": said}


def _block(name: str, value: Any) -> str:
    tag = _NOT_IN_A_NAME.sub("_", name)
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return f"<{tag}>\n{said}\n</{tag}>"


def _is_image(value: object) -> bool:
    """A file of the run that is a picture."""
    if not isinstance(value, dict):
        return False
    file = cast("dict[str, Any]", value)
    return "$file" in file and str(file.get("media_type", "")).startswith("image/")
