"""A model that needs no network: a server on this machine that speaks the Chat
Completions API and gives the answers that it was told, one after the other.

    with canned_model(ask("add", {"a": 1, "b": 2}), say("Three.")) as url:
        client = openai.AsyncOpenAI(base_url=url, api_key="none")
"""

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

_numbers = itertools.count(1)


def say(text: str) -> dict[str, Any]:
    """An answer in words."""
    return {"role": "assistant", "content": text}


def ask(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """An answer that asks for tools: pairs of a name and arguments."""
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": f"call_{next(_numbers)}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for name, arguments in calls
        ],
    }


@contextlib.contextmanager
def canned_model(*answers: dict[str, Any]) -> Iterator[str]:
    """Serves the answers while the block runs; gives the URL for a client."""
    remaining = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = remaining.pop(0)
            body = json.dumps(
                {
                    "id": "chatcmpl_1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "canned",
                    "choices": [
                        {"index": 0, "message": message, "finish_reason": "stop"}
                    ],
                    "usage": {
                        "prompt_tokens": 1,
                        "completion_tokens": 1,
                        "total_tokens": 2,
                    },
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
