"""The README's examples run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server import Server, filedex

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
README = HERE.parents[3] / "README.md"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A server over `filedex demo`'s file."""
    folder = tmp_path_factory.mktemp("demo")
    made = filedex("demo", cwd=folder)
    assert made.returncode == 0, made.stderr
    server = Server(folder / "demo.filedex")
    yield server
    server.stop()


def output(demo: Server, *command: str | Path) -> list[str]:
    ran = subprocess.run(command, env=os.environ | {"FILEDEX_ENDPOINT": demo.endpoint}, capture_output=True,
                         text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize("time", ["first", "again"])
def test_pai(demo: Server, time: str) -> None:
    first, *files, last = output(demo, sys.executable, EXAMPLES / "pai.py")
    assert re.fullmatch(r"\d+ castles", first) and int(first.split()[0]) > 3 and last == "tagged: True"
    assert len(files) == 3 and all(" image {" in line and '"castle"' in line for line in files)
    tagged = json.loads(filedex("query", demo.file, "Tags.user = 'seen' AND Tags.all = 'castle'", "--json").stdout)
    assert tagged["total"] == 3


@pytest.mark.parametrize("time", ["first", "again"])
def test_pds(demo: Server, time: str) -> None:
    first, *files = output(demo, sys.executable, EXAMPLES / "pds.py")
    assert re.fullmatch(r"\d+ pictures", first) and int(first.split()[0]) > 2
    assert len(files) == 2 and all(line.endswith("8.jpg True ['holiday']") for line in files), files


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_nebius(demo: Server) -> None:
    patched, listed = map(json.loads, output(demo, "sh", EXAMPLES / "nebius.sh"))
    assert (patched["name"], patched["folder"]) == ("demo", "/pictures")
    assert listed["data"] == [patched] and listed["has_more"] is False


@pytest.mark.parametrize("name", ["pai.py", "pds.py", "nebius.sh"])
def test_the_readme_has_them(name: str) -> None:
    text = (EXAMPLES / name).read_text()
    assert len(text.splitlines()) < 25
    blocks = re.findall(r"^```\w*\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert text in blocks, f"README.md has no code block that is examples/{name}"
