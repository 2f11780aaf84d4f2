"""The process: signals, the lock, commands on a held file, health, metrics, CORS."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from pathlib import Path

import pytest
import requests

import clients
import oracle
from clients import Dataset
from server import Server, filedex
from test_pai_files import item


class Load:
    """Clients that create and delete files until the server goes away, and remember each answer."""

    def __init__(self, endpoint: str, dataset_id: str, threads: int = 4):
        self.endpoint, self.dataset_id = endpoint, dataset_id
        self.sent: set[str] = set()
        self.created: set[str] = set()
        self.deleted: set[str] = set()
        self.dropped: set[str] = set()  # Deletions sent, answered or not.
        self.threads = [threading.Thread(target=self.work, args=[number]) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, thread: int) -> None:
        dataset = Dataset(clients.pai(self.endpoint), self.dataset_id)
        try:
            for number in range(100_000):
                names = [f"{thread}/{number}/{i}.jpg" for i in range(5)]
                uris = [item(name)["uri"] for name in names]
                self.sent.update(uris)
                dataset.create_all(*map(item, names))
                self.created.update(uris)
                if number % 3 == 2:
                    self.dropped.add(uris[0])
                    assert dataset.delete(oracle.file_id(dataset.id, uris[0])).status is True
                    self.deleted.add(uris[0])
        except Exception:  # The server is gone, or it answers that it stops.
            return

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()

    def check(self, dataset: Dataset) -> None:
        """All that was acknowledged is there, and nothing that nobody sent; batches are whole."""
        assert self.created
        active, deleted = set(dataset.uris()), set(dataset.uris(status="DELETED"))
        assert self.created - self.dropped <= active
        assert self.deleted <= deleted <= self.dropped
        assert active | deleted <= self.sent
        assert (active | deleted) & self.dropped == self.dropped, "a deletion keeps the record"
        batches = oracle.Counter(uri.rpartition("/")[0] for uri in active | deleted)
        assert set(batches.values()) == {5}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_acknowledged_is_lost(serve, end: str) -> None:
    server = serve()
    dataset = Dataset.make(clients.pai(server.endpoint), "load")
    load = Load(server.endpoint, dataset.id)
    time.sleep(2)
    getattr(server, end)()
    load.join()
    checked = filedex("check", server.file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = serve(file=server.file)
    load.check(Dataset(clients.pai(again.endpoint), dataset.id))


def test_a_request_under_way_is_answered(serve) -> None:
    server = serve()
    dataset = Dataset.make(clients.pai(server.endpoint), "big")
    answers: list[object] = []
    batch = [item(f"{i}.jpg", comment=f"a red car, number {i}") for i in range(2000)]
    thread = threading.Thread(target=lambda: answers.append(dataset.create(*batch).status))
    thread.start()
    time.sleep(0.3)
    server.stop()
    thread.join()
    again = Dataset(clients.pai(serve(file=server.file).endpoint), dataset.id)
    assert again.list().total_count == (2000 if answers == [True] else 0)


def test_a_job_goes_on_or_ends(serve) -> None:
    """A job that SIGTERM cuts short is never left as running for ever."""
    server = serve()
    dataset = Dataset.make(clients.pai(server.endpoint), "job")
    for part in range(4):
        dataset.create_all(*(item(f"{part}/{i}.jpg", comment=f"a car {i}") for i in range(500)))
    job = dataset.job("SemanticIndex")
    server.stop()
    again = Dataset(clients.pai(serve(file=server.file).endpoint), dataset.id)
    state = again.finished(job)
    assert state.status in ("Succeeded", "Failed", "ManuallyStop", "PartialFailed")
    again.index()
    assert again.list(query_type="VECTOR", query_text="car", top_k=5000).total_count == 2000


def test_two_servers_on_one_file(fresh: Server) -> None:
    second = filedex("serve", fresh.file, "--listen", "127.0.0.1:0", timeout=30)
    assert second.returncode == 1, second.stderr
    assert str(fresh.process.pid) in second.stderr, second.stderr
    assert requests.get(f"{fresh.endpoint}/healthz").status_code == 200


def test_a_taken_port(fresh: Server, tmp_path: Path) -> None:
    other = tmp_path / "other.filedex"
    assert filedex("create", other).returncode == 0
    second = filedex("serve", other, "--listen", "%s:%d" % fresh.address, timeout=30)
    assert second.returncode == 1 and "panicked" not in second.stderr, second.stderr


@pytest.mark.parametrize("content", [None, b"no database"], ids=["absent", "foreign"])
def test_wrong_files(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "x.filedex"
    if content:
        file.write_bytes(content)
    server = filedex("serve", file / "y" if content is None else file, "--listen", "127.0.0.1:0", timeout=30)
    assert server.returncode == 1 and server.stderr and "panicked" not in server.stderr


def test_json_start_line(file: Path) -> None:
    server = Server(file, "--json")
    line = next(line for line in server.lines if "listening" in line)
    assert json.loads(line)["listening"] == server.endpoint
    server.stop()


@pytest.fixture
def library(serve) -> Server:
    """A server over a file with forty records, some deleted."""
    server = serve()
    dataset = Dataset.make(clients.pai(server.endpoint), "cars")
    dataset.create_all(*(item(
        f"{i}.jpg", comment=f"a red car {i}", data_size=i, tags=clients.user_tags(f"t{i % 3}"),
        file_update_time=f"2025-01-01T00:{i:02d}Z") for i in range(40)))
    dataset.delete(oracle.file_id(dataset.id, item("39.jpg")["uri"]))
    return server


URI = item("7.jpg")["uri"]
READS = [
    ["query", "FILE", "Tags.all = 't1'", "--sort", "DataSize", "-n", "5"],
    ["query", "FILE", "Tags.all = 't1'", "--sort", "DataSize", "--json"],
    ["query", "FILE", "Comment:'red car'", "--all", "--json", "--sort", "FileUpdateTime", "--order", "asc"],
    ["query", "FILE", "ALL", "--status", "deleted", "--json"], ["query", "FILE", "ALL", "--json", "-n", "3"],
    ["query", "FILE", "FileTyp = 'x'"], ["query", "FILE", "FileTyp = 'x'", "--json"],
    ["query", "FILE", "ALL", "--cursor", "nonsense"], ["query", "FILE", "ALL", "-d", "nowhere"],
    ["get", "FILE", URI], ["get", "FILE", URI, "--json"], ["get", "FILE", "oss://none", "--json"],
    ["stats", "FILE", "--by", "tags.all"], ["stats", "FILE", "--by", "tags.all", "--where", "DataSize > 9", "--json"],
    ["info", "FILE"], ["info", "FILE", "--json"],
]
CHANGES = [
    ["update", "FILE", URI, "--name", "new.jpg", "--star", "--set", "width=5", "--json"],
    ["update", "FILE", URI, "--comment", "other"],
    ["update", "FILE", "oss://none", "--star", "--json"], ["update", "FILE", URI, "--name", "", "--json"],
    ["tag", "add", "FILE", "new", "tags", "--where", "Tags.all = 't1'", "--yes"],
    ["tag", "add", "FILE", "new", "--where", "Tags.all = 't1'", "--yes", "--json"],
    ["tag", "remove", "FILE", "t2", "--where", "ALL", "--yes", "--json"],
    ["delete", "FILE", URI], ["delete", "FILE", URI, "oss://none", "--json"],
    ["delete", "FILE", "--where", "Tags.all = 't0'", "--yes", "--json"],
]


def run(command: list[str], file: Path) -> tuple[int, str, str]:
    """What a command answers, without the moments, the numbers drawn at random and the file's name."""
    ran = filedex(*(str(file) if word == "FILE" else word for word in command))
    texts = []
    for text in (ran.stdout, ran.stderr):
        text = text.replace(str(file), "FILE")
        text = re.sub(r'(--cursor |"next":")[\w-]+', r"\1CURSOR", text)  # A cursor tells its query's moment.
        text = re.sub(r"\d+(\.\d+)? (ms|µs|s)\b", "TIME", text)
        text = re.sub(r"20(2[6-9]|[3-9]\d)-\d\d-\d\d(T[\d:.]+Z|)", "NOW", text)
        text = re.sub(r'"(revision_id|elapsed_ms|took_ms)":\s*("[^"]*"|[\d.]+)', r'"\1":X', text)
        text = re.sub(r'(revision\w*\W+)[0-9a-f]{8,}', r"\1X", text)
        texts.append(text)
    return ran.returncode, *texts


def test_reads_of_a_held_file(library: Server) -> None:
    held = [run(command, library.file) for command in READS]
    library.stop()
    for command, answer in zip(READS, held):
        closed = run(command, library.file)
        if command[0] == "info":  # Sizes change when the file is closed.
            answer, closed = ((code, re.sub(r"[\d.,]+", "N", out), err) for code, out, err in (answer, closed))
        assert answer == closed, command


@pytest.mark.parametrize("command", CHANGES, ids=" ".join)
def test_changes_of_a_held_file(library: Server, serve, command: list[str], tmp_path: Path) -> None:
    library.stop()
    copy = tmp_path / "copy.filedex"
    shutil.copy(library.file, copy)
    server = serve(file=library.file)
    held, closed = run(command, server.file), run(command, copy)
    assert held == closed
    export = ["query", "FILE", "ALL", "--all", "--json", "--status", "all", "--sort", "DataSize"]
    seen = Dataset(clients.pai(server.endpoint), "cars").walk(status="ALL", max_results=50)
    assert len(seen) == 40
    server.stop()
    assert run(export, server.file) == run(export, copy)


def test_a_cursor_outlives_the_server(library: Server) -> None:
    first = json.loads(filedex("query", library.file, "ALL", "-n", "30", "--json").stdout)
    library.stop()
    rest = json.loads(filedex("query", library.file, "ALL", "-n", "30", "--cursor", first["next"], "--json").stdout)
    uris = [hit["uri"] for hit in first["hits"] + rest["hits"]]
    assert len(uris) == 39 == len(set(uris)) and not rest.get("next")


def test_what_needs_the_file_alone_is_refused(library: Server) -> None:
    ran = filedex("compact", library.file)
    assert ran.returncode == 1 and str(library.process.pid) in ran.stderr, ran.stderr
    error = json.loads(filedex("compact", library.file, "--json").stderr)["error"]
    assert error["kind"] == "locked"


def test_after_the_server_was_killed(library: Server) -> None:
    """No side file of a dead server misleads a command."""
    held = run(READS[1], library.file)
    library.kill()
    code, out, note = run(READS[1], library.file)
    assert (code, out) == held[:2] and "recovered" in note
    assert run(READS[1], library.file) == held


def test_no_side_files_remain(library: Server) -> None:
    folder = library.file.parent
    before = {path.name for path in folder.iterdir()}
    library.stop()
    left = {path.name for path in folder.iterdir()} - {library.file.name}
    assert not {name for name in left if name.startswith(library.file.stem + ".")}, (before, left)


def test_health(shared: Server) -> None:
    answer = requests.get(f"{shared.endpoint}/healthz")
    assert (answer.status_code, answer.text.strip()) == (200, "ok")


def metrics(server: Server) -> dict[str, float]:
    """Each line of the metrics; all of them have to be of the format."""
    answer = requests.get(f"{server.endpoint}/metrics")
    assert answer.status_code == 200 and "text" in answer.headers["content-type"]
    values = {}
    label = r'[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"'
    for line in answer.text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE|UNIT) [a-zA-Z_:][\w:]* ?|# EOF$", line), line
        elif line:
            found = re.fullmatch(rf"([a-zA-Z_:][\w:]*(?:\{{(?:{label},?)*\}})?) (\S+)", line)
            assert found, line
            assert found[1] not in values, f"twice: {line}"
            values[found[1]] = float(found[2])
    return values


def test_metrics(fresh: Server) -> None:
    before = metrics(fresh)
    dataset = Dataset.make(clients.pai(fresh.endpoint), "m")
    for _ in range(5):
        dataset.list()
    requests.get(f"{fresh.endpoint}/nothing/{'x' * 50}")
    after = metrics(fresh)
    moved = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    counts = [value for name, value in moved.items() if "request" in name and re.search("_total|_count", name)]
    assert sum(counts) >= 7 and 5 in counts, moved
    assert not any("xxxxx" in name or dataset.id in name for name in after), "labels are bounded"


def test_cors(serve, shared: Server) -> None:
    page, other = "https://curator.example", "https://other.example"

    def asked(server: Server, origin: str, method: str = "GET") -> str | None:
        preflight = {"access-control-request-method": "PUT", "access-control-request-headers": "x-acs-action"}
        headers = {"origin": origin} | (preflight if method == "OPTIONS" else {})
        answer = requests.request(method, f"{server.endpoint}/api/v1/datasets", headers=headers)
        return answer.headers.get("access-control-allow-origin")

    assert asked(shared, page) is None and asked(shared, page, "OPTIONS") is None
    server = serve("--cors", page)
    assert asked(server, page) == page and asked(server, page, "OPTIONS") == page
    assert asked(server, other) is None and asked(server, other, "OPTIONS") is None
