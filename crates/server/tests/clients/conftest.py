"""Servers, databases and datasets for the tests."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path
from typing import Callable, Iterator

import pytest

import oracle
from clients import Dataset
from server import BINARY, Server, filedex

SEED = int(os.environ.get("FILEDEX_SEED") or random.SystemRandom().randrange(1 << 32))
NUMBERS = itertools.count(1)


def pytest_report_header() -> list[str]:
    version = filedex("--version").stdout.strip()
    return [f"filedex: {BINARY} ({version})", f"FILEDEX_SEED={SEED}"]


def pytest_terminal_summary(terminalreporter) -> None:
    terminalreporter.write_line(f"FILEDEX_SEED={SEED}")


def new_file(folder: Path) -> Path:
    """An empty database file."""
    file = folder / f"{next(NUMBERS)}.filedex"
    made = filedex("create", file)
    assert made.returncode == 0, made.stderr
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty database file that nobody holds."""
    return new_file(tmp_path)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers, each on a file of its own unless one is given; stops those still running."""
    started: list[Server] = []

    def start(*options: str | Path, file: Path | None = None) -> Server:
        started.append(Server(file or new_file(tmp_path), *options))
        return started[-1]

    yield start
    for server in started:
        if server.running:
            server.stop()


@pytest.fixture
def fresh(serve: Callable[..., Server]) -> Server:
    """A server over an empty database."""
    return serve()


@pytest.fixture(scope="session")
def files_root(tmp_path_factory) -> Path:
    """The folder whose files the shared server gives out."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def shared(tmp_path_factory, files_root: Path) -> Iterator[Server]:
    """One server for all tests that need none of their own."""
    server = Server(new_file(tmp_path_factory.mktemp("shared")), "--files-root", files_root)
    yield server
    server.stop()


@pytest.fixture
def dataset(shared: Server, request) -> Dataset:
    """A new dataset of the shared server."""
    return Dataset.like(shared.endpoint, request.node.name)


@pytest.fixture(scope="session")
def populated(shared: Server) -> tuple[Dataset, list[dict], dict[str, int]]:
    """A dataset of generated records, the records, and the moments between the steps that made them."""
    dataset = Dataset.like(shared.endpoint, "populated")
    records, moments = oracle.populate(dataset, random.Random(SEED))
    return dataset, records, moments


@pytest.fixture
def rng(request) -> random.Random:
    """Random numbers that the seed and the test's name decide."""
    return random.Random(f"{SEED}/{request.node.name}")
