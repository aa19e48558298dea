"""The playground in the browser: one page, and a net that trains when the page asks for steps.

The page has no maths of its own. It posts {"steps": 20} and gets back what to draw; as long as its start button is on
it asks again, so a closed page costs nothing. Everything is served from this machine to this machine.
"""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

from chainrule import Tensor
from chainrule.examples._data import POINTS
from chainrule.examples.playground.net import ACTIVATIONS, LIMIT, Playground, Settings

MOST_STEPS = 1000  # in one request
HOSTS = ("127.0.0.1", "localhost", "[::1]")


def packed(values: Tensor) -> str:
    """Numbers in [-1, 1] as 16-bit integers in base64: a quarter of their length as text."""
    return base64.b64encode((32767 * values).round().numpy().astype("<i2").tobytes()).decode()


def what_to_draw(net: Playground) -> dict[str, Any]:
    regions, neurons = net.regions(), net.neurons()
    return {
        "measured": net.history[-1],
        "regions": {"size": regions.shape[0], "values": packed(regions)},
        "neurons": [{"size": layer.shape[1], "values": packed(layer)} for layer in neurons],
        "weights": net.weights(),
    }


def everything(net: Playground) -> dict[str, Any]:
    """What a page needs that has just been opened, or whose net is new."""
    return {
        "settings": vars(net.settings),
        "choices": {"data": POINTS, "activation": list(ACTIVATIONS)},
        "limit": LIMIT,
        "points": {
            name: [[*place, label] for place, label in zip(inputs.tolist(), labels.tolist())]
            for name, (inputs, labels) in (("train", net.train_set), ("test", net.test_set))
        },
        "history": net.history,
        **what_to_draw(net),
    }


class Server(ThreadingHTTPServer):
    """Serves one net on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int, settings: Settings | None = None) -> None:
        self.net = Playground(settings or Settings())
        self.lock = threading.Lock()  # requests come on threads of their own; the net is one
        self.page = resources.files("chainrule.examples.playground").joinpath("page.html").read_bytes()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            if path == "/advance":
                steps = body.get("steps", 1)
                if not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
                    raise ValueError(f"steps must be an integer from 1 to {MOST_STEPS}, got {steps!r}")
                self.net.advance(steps)
                return what_to_draw(self.net)
            if path == "/change":
                self.net.change(body)
            elif path == "/reset":
                self.net.change({"seed": self.net.settings.seed})
            return everything(self.net)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection: some 30 requests a second come
    server: Server

    def foreign(self) -> bool:
        """Whether a page from elsewhere asks: its name may lead to 127.0.0.1, but Host or Origin give it away."""
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        origin = self.headers.get("Origin")
        return host not in HOSTS or (origin is not None and origin.rpartition(":")[0].partition("//")[2] not in HOSTS)

    def refuse(self, status: int, reason: str) -> None:
        self.reply(status, reason.encode(), "text/plain; charset=utf-8")

    def do_GET(self) -> None:
        if self.foreign():
            self.refuse(403, "this page is for the machine that it runs on")
        elif self.path == "/":
            self.reply(200, self.server.page, "text/html; charset=utf-8")
        elif self.path == "/state":
            self.reply_json("/state", {})
        else:
            self.refuse(404, "not found")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, 10_000))
        if self.foreign():
            return self.refuse(403, "this page is for the machine that it runs on")
        if self.path not in ("/advance", "/change", "/reset"):
            return self.refuse(404, "not found")
        try:
            values = json.loads(body or b"{}")
            if not isinstance(values, dict):
                raise ValueError(f"expected a JSON object, got {values!r}")
        except ValueError as error:
            return self.refuse(400, str(error))
        self.reply_json(self.path, values)

    def reply_json(self, path: str, body: dict[str, Any]) -> None:
        try:
            answer = json.dumps(self.server.answer(path, body)).encode()
        except ValueError as error:
            return self.refuse(400, str(error))
        self.reply(200, answer, "application/json")

    def reply(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a line for each of 30 requests a second helps nobody."""
