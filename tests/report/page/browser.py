"""Headless Chromium, controlled through its debugging pipe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest
from PIL import Image

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--no-pings",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,OptimizationGuideModelDownloading,MediaRouter,"
    "Translate,CertificateTransparencyComponentUpdater,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
    "--proxy-bypass-list=<-loopback>",
)

START = """
import fcntl, os, sys
first, second = (fcntl.fcntl(int(arg), fcntl.F_DUPFD, 10) for arg in sys.argv[1:3])
os.dup2(first, 3)
os.dup2(second, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Starts Chromium, which reads commands from file descriptor 3 and answers on file descriptor 4."""


BROWSER_HOSTS = ("update.googleapis.com", "accounts.google.com", "clients2.google.com")
"""Hosts that Chromium contacts regardless of the page and of its flags; it gets no answer."""


class RecordingProxy:
    """A local proxy that answers nothing and records the first line of each request, except to ``BROWSER_HOSTS``."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        threading.Thread(target=self._accept_connections, daemon=True).start()

    def _accept_connections(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:  # closed
                return
            with connection:
                line = connection.recv(4096).split(b"\r\n")[0].decode(errors="replace")
                if not any(host in line for host in BROWSER_HOSTS):
                    self.requests.append(line)


class Browser:
    """A page in a browser whose only network access is a recording proxy."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes], proxy: RecordingProxy) -> None:
        self.commands, self.answers, self.proxy = commands, answers, proxy
        self.number = 0
        self.address = ""
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        self.commands.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path, *, width: int, height: int, dark: bool = False) -> None:
        """Open a file in a window with this size, and wait until it is loaded."""
        self.events.clear()
        self.address = path.resolve().as_uri()
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=self.address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._read()

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; of a promise, what it resolves to.

        Raises:
            AssertionError: if the expression throws an error.
        """
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_for(self, expression: str, *, seconds: float = 60) -> Any:
        """Wait until a JavaScript expression is true; return its value."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"not true after {seconds} s: {expression}"
            time.sleep(0.02)
        return value

    def pointer(self, selector: str, *places: tuple[float, float], shift: bool = False) -> None:
        """Press the mouse on an element, move it, and release it.

        Args:
            selector: the element.
            places: where the pointer is, one after the other, as shares of the element's width and height.
            shift: whether the shift key is held.
        """
        query = json.dumps(selector)
        self.evaluate(f"document.querySelector({query}).scrollIntoView({{block: 'center'}})")
        box = self.evaluate(f"document.querySelector({query}).getBoundingClientRect().toJSON()")
        points = [(box["left"] + x * box["width"], box["top"] + y * box["height"]) for x, y in places]
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*points, points[-1]], strict=True):
            self.send(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                buttons=0 if kind == "mouseReleased" else 1,
                clickCount=0 if kind == "mouseMoved" else 1,
                modifiers=8 if shift else 0,
            )

    def click(self, selector: str) -> None:
        """Click on the middle of an element."""
        self.pointer(selector, (0.5, 0.5))

    def key(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key on the element that has the focus."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=8 if shift else 0)

    def screenshot(self) -> Image.Image:
        """Return a picture of what the window shows."""
        return Image.open(BytesIO(base64.b64decode(self.send("Page.captureScreenshot")["data"])))

    @property
    def requested(self) -> list[str]:
        """The URLs that the page requested, without its own, data URIs, and blobs that it has made."""
        urls = [event["params"]["request"]["url"] for event in self.events if "request" in event.get("params", {})]
        return [url for url in urls if url != self.address and not url.startswith(("data:", "blob:"))]

    @property
    def errors(self) -> list[str]:
        """The errors in the browser's log, those that a script has thrown, and those that it has written."""
        errors = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                errors.append(parameters["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                errors.append(json.dumps(parameters["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
                errors.append(json.dumps(parameters["args"]))
        return errors

    def _read(self) -> dict[str, Any]:
        content = bytearray()
        while (byte := self.answers.read(1)) != b"\0":
            assert byte, "the browser has ended"
            content += byte
        message: dict[str, Any] = json.loads(content)
        if "method" in message:
            self.events.append(message)
        return message


def chromium_program() -> str:
    """Return the path of Chromium; skip the test if there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    return program or _without_chromium()


def _without_chromium() -> NoReturn:
    reason = "there is no chromium on PATH to open the page in"
    if os.environ.get("DRUMHEAD_REQUIRE_CHROMIUM"):
        pytest.fail(f"{reason}, and DRUMHEAD_REQUIRE_CHROMIUM is set")
    pytest.skip(reason)


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """Start Chromium with a new profile; terminate it afterwards."""
    proxy = RecordingProxy()
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    flags = [*FLAGS, f"--proxy-server=http://127.0.0.1:{proxy.port}", f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(to_browser), str(from_browser), program, *flags],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        with os.fdopen(commands, "wb") as write, os.fdopen(answers, "rb") as read:
            yield Browser(write, read, proxy)
    finally:
        process.terminate()
        process.wait(timeout=30)
        proxy.server.close()
