"""What goes wrong: through the PAI client where it can say it, over a socket where it cannot."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from alibabacloud_aiworkspace20210204 import models as m

import clients
import oracle
from clients import Dataset, exchange, pai_refuses, request_bytes
from test_pai_files import item

JSON = {"content-type": "application/json"}


def ask(server, method: str, target: str, body: bytes = b"", **headers: str) -> clients.Answer:
    return exchange(server.address, request_bytes(method, target, headers, body))


def pai_fault(answer: clients.Answer, status: int, code: str) -> None:
    """A whole PAI error."""
    assert answer.status == status, (answer.status, answer.body)
    body = answer.json()
    assert set(body) >= {"Code", "Message", "RequestId"} and body["Code"] == code, body
    assert body["Message"] and body["RequestId"]


def metas(dataset: Dataset, query: str = "") -> str:
    return f"/api/v1/datasets/{dataset.id}/datasetfilemetas{query}"


def test_the_shape_of_an_error(dataset: Dataset) -> None:
    error = pai_refuses(lambda: dataset.get("nope"), 404, "DatasetFileMetaNotFound")
    assert error.data["statusCode"] == 404 and error.data["RequestId"] == error.request_id
    assert error.message.startswith("code: 404, ") and f"request id: {error.request_id}" in error.message
    assert error.request_id != pai_refuses(lambda: dataset.get("nope"), 404).request_id


def every_call(dataset: Dataset) -> list:
    """Each operation on files, which has to find the dataset, the version and the workspace."""
    return [
        lambda: dataset.list(), lambda: dataset.get("0" * 64), lambda: dataset.create(item("a.jpg")),
        lambda: dataset.update({"dataset_file_meta_id": "x", "comment": "c"}), lambda: dataset.delete("x"),
        lambda: dataset.counts("filetype"), lambda: dataset.job("SemanticIndex"), lambda: dataset.job_state("j"),
    ]


def test_unknown_datasets(dataset: Dataset) -> None:
    for name in ("d-unknown", "d/ü ?x", " "):
        for call in every_call(Dataset(dataset.client, name)):
            pai_refuses(call, 404, "DatasetNotFound")


def test_unknown_versions(dataset: Dataset) -> None:
    dataset.scope = dataset.scope | {"dataset_version": "v9"}
    for call in every_call(dataset)[:6]:
        pai_refuses(call, 404, "DatasetVersionNotFound")


def test_another_workspace(dataset: Dataset) -> None:
    for call in every_call(Dataset(dataset.client, dataset.id, "796")):
        pai_refuses(call, 404, "DatasetNotFound")


def test_what_is_required(dataset: Dataset) -> None:
    client, short = dataset.client, {"dataset_version": "v1"}
    for call in (
        lambda: client.list_dataset_file_metas(dataset.id, m.ListDatasetFileMetasRequest(**short)),
        lambda: client.list_dataset_file_metas(dataset.id, m.ListDatasetFileMetasRequest(workspace_id="105173")),
        lambda: client.create_dataset_file_metas(
            dataset.id, m.CreateDatasetFileMetasRequest(dataset_file_metas=[], **short)),
        lambda: client.create_dataset_file_metas(
            dataset.id, m.CreateDatasetFileMetasRequest(**dataset.scope)),
        lambda: client.update_dataset_file_metas(dataset.id, m.UpdateDatasetFileMetasRequest(**dataset.scope)),
        lambda: client.delete_dataset_file_metas(dataset.id, m.DeleteDatasetFileMetasRequest(**dataset.scope)),
        lambda: client.get_dataset_file_metas_statistics(
            dataset.id, m.GetDatasetFileMetasStatisticsRequest(**short)),
    ):
        pai_refuses(call, 400, "MissingParameter")


BODY_CODES = ("MalformedBody", "MissingParameter", "InvalidParameter")


@pytest.mark.parametrize("body", [
    b'["105173","v1",[{"Uri":"oss://b/1"}],null]', b"{", b"[]", b"null", b'"text"', b"", b"\xff\xfe",
    b'{"DatasetVersion":"v1","DatasetVersion', b"{}{}",
    b'{"WorkspaceId":"105173","DatasetVersion":"v1","DatasetFileMetas":[{"Uri":"\xff"}]}', b"[" * 100_000,
], ids=lambda body: repr(body[:20]))
def test_bodies_that_are_no_json(shared, dataset: Dataset, body: bytes) -> None:
    for method in ("POST", "PUT"):
        answer = ask(shared, method, metas(dataset), body, **JSON)
        assert answer.status == 400 and answer.json()["Code"] in BODY_CODES, answer.body
        assert "struct" not in answer.json()["Message"], answer.body
    assert dataset.uris() == []


@pytest.mark.parametrize("change", [
    {"DatasetFileMetas": "x"}, {"DatasetFileMetas": {}}, {"DatasetFileMetas": [1]}, {"WorkspaceId": 105173},
    {"DatasetVersion": ["v1"]}, {"DatasetFileMetas": [{"Uri": 5}]}, {"DatasetFileMetas": [{"DataSize": "big"}]},
], ids=str)
def test_wrong_types(shared, dataset: Dataset, change: dict) -> None:
    body = {"WorkspaceId": "105173", "DatasetVersion": "v1", "DatasetFileMetas": []} | change
    answer = ask(shared, "POST", metas(dataset), json.dumps(body).encode(), **JSON)
    if answer.status == 200:  # One bad item is no bad envelope.
        assert answer.json()["Status"] is False and len(answer.json()["FailedDetails"]) == 1
    else:
        assert answer.status == 400 and answer.json()["Code"] in ("InvalidParameter", "MalformedBody"), answer.body
    assert dataset.uris() == []


@pytest.mark.parametrize("query", [
    "DatasetVersion=v1&WorkspaceId=%FF", "DatasetVersion=%E8%BD&WorkspaceId=105173",
    "DatasetVersion=v1&WorkspaceId=105173&QueryText=%",
    "DatasetVersion=v1&WorkspaceId=105173&QueryText=%G1", "DatasetVersion=v1&WorkspaceId=105173&QueryText=%4",
])
def test_bad_escapes(shared, dataset: Dataset, query: str) -> None:
    pai_fault(ask(shared, "GET", metas(dataset, f"?{query}")), 400, "InvalidParameter")


@pytest.mark.parametrize("segment", ["%FF", "%E8%BD", "%", "%zz"])
def test_bad_escapes_in_the_path(shared, segment: str) -> None:
    answer = ask(shared, "GET", f"/api/v1/datasets/{segment}")
    assert answer.status in (400, 404) and answer.json()["Code"], answer.body


def test_nothing_is_there(shared, dataset: Dataset) -> None:
    for target in ("/", "/api/v1/nothing", "/api/v2/datasets", "/api/v1/datasets/",
                   f"/api/v1/datasets/{dataset.id}/files"):
        pai_fault(ask(shared, "GET", target), 404, "NoSuchOperation")
    answer = ask(shared, "POST", "/v2/file/nothing", b"{}", **JSON)
    assert answer.status == 404 and {"code", "message"} <= set(answer.json())
    answer = ask(shared, "GET", "/v1/nothing")
    assert answer.status == 404 and set(answer.json()) == {"detail"}


@pytest.mark.parametrize("method, target", [
    ("PATCH", "/api/v1/datasets"), ("DELETE", "/api/v1/datasets"), ("POST", "/api/v1/datasets/d"),
    ("PUT", "/v1/datasets/d"), ("GET", "/v2/file/get"), ("TRACE", "/api/v1/datasets"), ("POST", "/healthz"),
])
def test_methods_that_do_not_exist(shared, method: str, target: str) -> None:
    answer = ask(shared, method, target)
    assert answer.status == 405, answer.body
    assert answer.headers.get("allow")


def test_bodies_over_the_limit(serve) -> None:
    server = serve("--body-limit", "20000")
    dataset = Dataset.make(clients.pai(server.endpoint), "small")
    dataset.create_all(item("fits.jpg", comment="x" * 15_000))
    big = [item(f"{i}.jpg", comment="x" * 5_000) for i in range(5)]
    pai_refuses(lambda: dataset.create(*big), 413, "RequestBodyTooLarge")
    chunked = b"POST %s HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" \
        % metas(dataset).encode() + b"1000\r\n" + b" " * 4096 + b"\r\n" + b"8000\r\n" + b" " * 32768 + b"\r\n0\r\n\r\n"
    pai_fault(exchange(server.address, chunked), 413, "RequestBodyTooLarge")
    answer = ask(server, "POST", "/v2/file/create", b" " * 30_000, **JSON)
    assert (answer.status, answer.json()["code"]) == (413, "RequestBodyTooLarge")
    assert ask(server, "PATCH", "/v1/datasets/small", b" " * 30_000, **JSON).status == 413
    assert len(dataset.uris()) == 1


def test_connections_that_stall_hold_up_nobody(shared, dataset: Dataset) -> None:
    halves = [b"GET /healthz HTT", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n",
              b"POST /api/v1/datasets HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{"]
    stalled = []
    try:
        for number in range(60):
            stalled.append(socket.create_connection(shared.address))
            stalled[-1].sendall(halves[number % 3])
        start = time.monotonic()
        for number in range(5):
            dataset.create_all(item(f"{number}.jpg"))
            assert dataset.list().total_count == number + 1
        assert time.monotonic() - start < 10
    finally:
        for connection in stalled:
            connection.close()


@pytest.mark.parametrize("half", [b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n",
                                  b"POST /api/v1/datasets HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{"],
                         ids=["header", "body"])
def test_connections_that_stall_are_ended(serve, half: bytes) -> None:
    server = serve("--timeout", "1")
    with socket.create_connection(server.address, timeout=15) as connection:
        connection.sendall(half)
        answer = connection.recv(4096)  # Ends by itself, else the test's own timeout strikes.
    if half.startswith(b"POST"):
        assert status_of(answer) == 408 and b"RequestTimeout" in answer
    else:
        assert not answer or status_of(answer) == 408


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                     b"GET /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
                                     b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n"],
                         ids=lambda garbage: repr(garbage[:12]))
def test_what_is_no_http(shared, garbage: bytes) -> None:
    with socket.create_connection(shared.address, timeout=20) as connection:
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(100)
        except OSError:
            answer = b""
    assert answer == b"" or status_of(answer) in (400, 431, 505), answer
    assert ask(shared, "GET", "/healthz").status == 200


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_client_that_goes_away(shared, dataset: Dataset) -> None:
    """A batch is stored as a whole or not at all, wherever its connection breaks."""
    for number in range(12):
        names = [f"oss://b/{number}/{i}.jpg" for i in range(50)]
        body = json.dumps({"WorkspaceId": "105173", "DatasetVersion": "v1", "DatasetFileMetas": [
            {"Uri": uri, "FileType": "image", "ContentType": "image/jpeg", "FileFingerPrint": "x",
             "FileUpdateTime": "2025-01-01T00:00Z"} for uri in names]}).encode()
        raw = request_bytes("POST", metas(dataset), JSON, body)
        cut = len(raw) - [0, 1, len(body) // 2, len(body) - 1][number % 4]
        with socket.create_connection(shared.address) as connection:
            connection.sendall(raw[:cut])
            if number % 3 == 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    time.sleep(0.5)
    have = dataset.uris()
    for number in range(12):
        stored = sum(uri.startswith(f"oss://b/{number}/") for uri in have)
        assert stored in ((0, 50) if number % 4 == 0 else (0,)), (number, stored)


def test_many_at_once(shared, dataset: Dataset) -> None:
    faults: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for number in range(10):
                [file_id] = dataset.create_all(item(f"{thread}/{number}.jpg"))
                assert dataset.get(file_id).dataset_file_meta_id == file_id, "a write is visible at once"
                dataset.update_all({"dataset_file_meta_id": file_id, "comment": f"{thread}"})
        except Exception as error:  # Told by the test's own thread.
            faults.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    files = dataset.walk()
    assert len(files) == 80 and oracle.Counter(f.file_type for f in files) == {"image": 80}


@pytest.mark.parametrize("target, method, headers", [
    ("/api/v1/datasets", "GET", ["x-request-id", "x-acs-request-id"]), ("/v2/file/get", "POST", ["x-ca-request-id"]),
    ("/v1/datasets", "GET", ["x-request-id"]), ("/healthz", "GET", ["x-request-id"]),
    ("/nothing", "GET", ["x-request-id"]),
])
def test_every_answer_names_its_request(shared, target: str, method: str, headers: list[str]) -> None:
    answers = [ask(shared, method, target) for _ in range(2)]
    for name in headers:
        assert answers[0].headers[name] and answers[0].headers[name] != answers[1].headers[name]
    if answers[0].status == 200 and target.startswith("/api"):
        assert answers[0].json()["RequestId"] == answers[0].headers["x-acs-request-id"]


@pytest.mark.parametrize("head", [b"host: evil.example", b"host: 127.0.0.1.evil.example:80",
                                  b"host: localhost\r\norigin: https://evil.example",
                                  b"host: localhost\r\norigin: null"])
def test_foreign_pages_are_refused(shared: Server, head: bytes) -> None:
    """A page in a browser can send a simple POST to this machine, or have a name of its own lead here."""
    body = b'{"Name": "from a page"}'
    raw = b"POST /api/v1/datasets HTTP/1.1\r\n%s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s" % (
        head, len(body), body)
    pai_fault(exchange(shared.address, raw), 403, "Forbidden")
    everything = exchange(shared.address, b"GET /api/v1/datasets?PageSize=100 HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert b"from a page" not in everything.body
