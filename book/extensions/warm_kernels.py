"""Kernels that have imported already: each is forked from one process that did so once.

A kernel's first three seconds go into imports that all pages share. On Linux the processes that execute pages
(``side_by_side``) fork theirs from a server, this file run as a program, which imports what most of them need;
elsewhere, where a fork of a process with loaded frameworks may crash, a kernel starts as ever.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache, partialmethod
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_client.launcher import launch_kernel
from jupyter_client.provisioning import local_provisioner

# Not pyplot and tqdm.auto, which see where they are when they are imported, so nothing that imports these.
SHARED = (
    "pandas",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.neighbors",
    "torch",
)
LAUNCHER = "ipykernel_launcher"


class Forked:
    """As much of a ``subprocess.Popen`` as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    terminate = partialmethod(send_signal, number=signal.SIGTERM)
    kill = partialmethod(send_signal, number=signal.SIGKILL)

    def poll(self) -> int | None:
        """None while it runs; its server, and not we, could tell how it ended."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return 0


def begin() -> None:
    """From now on, this process's kernels are forked."""
    if sys.platform == "linux":
        local_provisioner.launch_kernel = launch


@cache
def server() -> subprocess.Popen:
    """The one that forks for this process; it ends when its input does."""
    return subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def launch(command: list[str], **how: Any) -> Any:
    """A kernel, by jupyter_client's own arguments; another program, or without a server, starts as ever."""
    if command[0] != sys.executable or LAUNCHER not in command:
        return launch_kernel(command, **how)
    asked = {
        "arguments": command[command.index(LAUNCHER) + 1 :],
        "env": dict(how["env"]),
        "cwd": how.get("cwd") or os.getcwd(),
        "quiet": how.get("stderr") is not None,
    }
    forking = server()
    assert forking.stdin and forking.stdout  # they are pipes
    try:
        forking.stdin.write(json.dumps(asked) + "\n")
        forking.stdin.flush()
        return Forked(int(forking.stdout.readline()))
    except (BrokenPipeError, ValueError):  # it has died, and the next kernel gets another
        server.cache_clear()
        return launch_kernel(command, **how)


def serve() -> None:
    """Import, then fork a kernel for each line that comes in, and say its number."""
    reply = os.dup(1)
    os.dup2(2, 1)  # whatever an import prints is no number
    folder = str(Path(__file__).parent)
    sys.path[:] = [path for path in sys.path if path != folder]  # no kernel has it
    for name in SHARED:
        with suppress(Exception):  # the cell that needs it will tell what is wrong
            import_module(name)
    from ipykernel.kernelapp import launch_new_instance

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel that has ended
    for line in sys.stdin:
        asked, parent = json.loads(line), os.getpid()
        if os.fork():
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # before anyone knows it, for whoever stops a kernel stops its whole group
        os.write(reply, f"{os.getpid()}\n".encode())
        os.close(reply)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        if asked["quiet"]:
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        # A kernel ends when the process with this number does.
        sys.argv = [LAUNCHER, *asked["arguments"], f"--IPKernelApp.parent_handle={parent}"]
        launch_new_instance()
        os._exit(0)


if __name__ == "__main__":
    serve()
