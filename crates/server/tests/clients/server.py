"""The running program: servers that are started, waited for and stopped, and single commands."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

BINARY = os.environ.get("FILEDEX_BINARY", "filedex")
READY_SECONDS = 60
STOP_SECONDS = 60


def filedex(*args: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end."""
    options = {"capture_output": True, "text": True, "timeout": 120} | options
    return subprocess.run([BINARY, *map(str, args)], **options)


class Server:
    """`filedex serve FILE` on a free port."""

    def __init__(self, file: Path, *options: str | Path):
        self.file = file
        self.process = subprocess.Popen(
            [BINARY, "serve", str(file), "--listen", "127.0.0.1:0", *map(str, options)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.endpoint = ""
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(READY_SECONDS) or not self.endpoint:
            self.process.kill()
            raise RuntimeError(f"no server: {self.stderr}")

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r'listening(?: on |":\s*")(http://[^\s"]+)', line)
            if found and not self.endpoint:
                self.endpoint = found[1]
                self._ready.set()
        self._ready.set()

    @property
    def stderr(self) -> str:
        """All that it wrote so far."""
        return "".join(self.lines)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self.endpoint.removeprefix("http://").rsplit(":", 1)
        return host, int(port)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """SIGTERM; it has to end by itself, with 0, and without ever having panicked."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError(f"SIGTERM did not end the server: {self.stderr}") from None
        self._reader.join(5)
        assert self.process.returncode == 0, (self.process.returncode, self.stderr)
        assert "panicked" not in self.stderr, self.stderr

    def kill(self) -> None:
        """SIGKILL: as when the machine's memory runs out."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
