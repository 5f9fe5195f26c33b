"""A Chromium that tests open pages in, over its own protocol; no driver beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--allow-file-access-from-files",
]
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowDown": 40, "ArrowUp": 38}


class Chromium:
    """One page in a browser of its own.

    Parameters
    ----------
    folder
        For its profile.
    width, height
        Of the window, in pixels.
    """

    def __init__(self, folder: Path, width: int = 1280, height: int = 900) -> None:
        path = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *NAMES))), None)
        if path is None:
            pytest.skip("there is no Chromium to open a page")
        websocket = pytest.importorskip("websocket")
        profile = folder / "profile"
        self.process = subprocess.Popen(
            [
                *(path, *QUIET, "--remote-debugging-port=0", "--remote-allow-origins=*"),
                *(f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        told, end = profile / "DevToolsActivePort", time.monotonic() + 60
        while not (told.is_file() and told.read_text().count("\n")):
            assert time.monotonic() < end, "the browser did not start"
            time.sleep(0.05)
        port = told.read_text().splitlines()[0]
        with urlopen(f"http://127.0.0.1:{port}/json") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        self.socket = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=120)
        self.count, self.events = 0, []
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **settings: object) -> dict:
        """One command, and its result."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": settings}))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("id") == self.count:
                assert "error" not in told, told
                return told["result"]
            self.events.append(told)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.events.clear()
        self.send("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def run(self, script: str) -> object:
        """The value of an expression; of a promise, what it keeps."""
        told = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, condition: str, then: str = "null") -> object:
        """The value of ``then`` when the condition holds."""
        return self.run(
            f"new Promise((done) => {{ const look = () => ({condition}) ? done({then})"
            " : setTimeout(look, 10); look(); })"
        )

    def press(self, key: str, times: int = 1) -> None:
        """A key, as a hand presses it."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.send(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    windowsVirtualKeyCode=KEYS[key],
                    **({"text": text} if text and kind == "keyDown" else {}),
                )

    @property
    def complaints(self) -> list[str]:
        """Errors that the console or a script told since the page was opened."""
        self.run("0")
        thrown = [
            event["params"]["exceptionDetails"]["exception"].get("description", "?")
            for event in self.events
            if event["method"] == "Runtime.exceptionThrown"
        ]
        said = [
            e["params"]["entry"]["text"]
            for e in self.events
            if e["method"] == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"
        ]
        return thrown + said

    def close(self) -> None:
        """End the browser."""
        self.socket.close()
        self.process.kill()
        self.process.wait()
