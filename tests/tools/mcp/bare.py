"""A server over stdio that misbehaves at once, and starts in no time: the standard library alone speaks the protocol.

`python bare.py LOG`: what a tool is called tells what it does.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

NAMES = ["echo", "environment", "crash", "hang", "flood", "garbage", "silent", "leave", "refer"]
ELSEWHERE = {"type": "object", "$ref": "http://127.0.0.1:9/schema"}


def answer(asked: dict[str, Any], log: Path) -> dict[str, Any] | None:
    method, given = asked.get("method"), asked.get("params") or {}
    if method == "initialize":
        offer = {"protocolVersion": given["protocolVersion"], "capabilities": {"tools": {"listChanged": True}}}
        return {**offer, "serverInfo": {"name": "bare", "version": "1"}}
    if method == "tools/list":
        tools: list[dict[str, Any]] = [{"name": name, "inputSchema": {"type": "object"}} for name in NAMES]
        tools[-1]["outputSchema"] = ELSEWHERE
        return {"tools": tools}
    if method == "tools/call":
        with log.open("a") as file:
            file.write(f"{given['name']}\n")
        said: dict[str, Any] = {"content": [{"type": "text", "text": does(given["name"], given.get("arguments"))}]}
        return said | ({"structuredContent": {"a": 1}} if given["name"] == "refer" else {})
    return None


def does(name: str, arguments: object) -> str:
    if name == "crash":
        os._exit(3)
    if name == "hang":
        time.sleep(60)
    if name == "flood":
        sys.stdout.write("x" * 11_000_000)
    if name == "garbage":
        sys.stdout.write("no json\n{}\n[1, 2]\n")
    if name == "environment":
        return json.dumps(dict(os.environ))
    return json.dumps(arguments)


def main() -> None:
    log = Path(sys.argv[1])
    print("ready", os.environ.get("TOKEN", ""), file=sys.stderr, flush=True)  # noqa: T201  for the log
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            with log.open("a") as file:
                file.write(f"{asked['method']}\n")
            continue
        result = answer(asked, log)
        said = {"error": {"code": -32601, "message": "no such method"}} if result is None else {"result": result}
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}) + "\n")
        sys.stdout.flush()
        if '"leave"' in line:
            return


if __name__ == "__main__":
    main()
