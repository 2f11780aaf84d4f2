"""The official clients, built for an endpoint, and raw HTTP for what they cannot say."""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
import time
from typing import Any, Callable, Iterator

import pytest
from alibabacloud_aiworkspace20210204 import models as m
from alibabacloud_aiworkspace20210204.client import Client as PaiClient
from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_pds20220301.client import Client as PdsClient
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import UnretryableException

WORKSPACE = "105173"
KEY = ("test-key-id", "test-key-secret")
JOB_SECONDS = 60
NUMBERS = itertools.count(1)


def config(
    endpoint: str, key: tuple[str, str] = KEY, bearer: str | None = None, sts: str | None = None
) -> Config:
    """What either client is made with: an access key, perhaps with a security token, or a bearer token."""
    where = {"endpoint": endpoint.removeprefix("http://"), "protocol": "http"}
    if bearer is not None:
        credential = CredentialClient(CredentialConfig(type="bearer", bearer_token=bearer))
        return Config(credential=credential, **where)
    return Config(access_key_id=key[0], access_key_secret=key[1], security_token=sts, **where)


def pai(endpoint: str, **options) -> PaiClient:
    return PaiClient(config(endpoint, **options))


def pds(endpoint: str, **options) -> PdsClient:
    return PdsClient(config(endpoint, **options))


def pai_refuses(call: Callable[[], Any], status: int | None, code: str | None = None) -> ClientException:
    """The call fails with this status and code, in the shape that the PAI client reads."""
    with pytest.raises(ClientException) as caught:
        call()
    error = caught.value
    assert status is None or error.status_code == status, error
    assert code is None or error.code == code, error
    assert error.request_id and error.message, error
    return error


def pds_refuses(call: Callable[[], Any], status: int, code: str | None = None) -> UnretryableException:
    """The same for the PDS client, which keeps the status and the request's id in `data`."""
    with pytest.raises(UnretryableException) as caught:
        call()
    error = caught.value
    assert error.data and error.data["statusCode"] == status, error
    assert code is None or error.code == code, error
    assert error.data["requestId"] and error.message, error
    return error


class Dataset:
    """One dataset of a running server, as the official PAI client sees it."""

    def __init__(self, client: PaiClient, dataset_id: str, workspace: str | None = WORKSPACE):
        self.client = client
        self.id = dataset_id
        self.scope = {"dataset_version": "v1", "workspace_id": workspace or "any"}

    @classmethod
    def make(cls, client: PaiClient, name: str, workspace: str | None = WORKSPACE, **fields) -> Dataset:
        """A new dataset; without a workspace, any does."""
        fields = {"data_source_type": "OSS", "property": "DIRECTORY", "uri": "oss://bucket/"} | fields
        request = m.CreateDatasetRequest(name=name, workspace_id=workspace, **fields)
        return cls(client, client.create_dataset(request).body.dataset_id, workspace)

    @classmethod
    def like(cls, endpoint: str, name: str) -> Dataset:
        """A new dataset with a name of its own that is like this one."""
        name = re.sub(r"[^A-Za-z0-9]+", "-", name)[:80]
        return cls.make(pai(endpoint), f"{name}-{next(NUMBERS)}")

    def create(self, *items: dict) -> m.CreateDatasetFileMetasResponseBody:
        items = [m.DatasetFileMetaContentCreate(**item) for item in items]
        request = m.CreateDatasetFileMetasRequest(dataset_file_metas=items, **self.scope)
        return self.client.create_dataset_file_metas(self.id, request).body

    def create_all(self, *items: dict) -> list[str]:
        """Creates the files, all of which have to be accepted; their ids."""
        body = self.create(*items)
        assert body.status is True and not body.failed_details, body
        assert [done.uri for done in body.succeed_details] == [item["uri"] for item in items]
        return [done.dataset_file_meta_id for done in body.succeed_details]

    def update(self, *items: dict, job: str | None = None) -> m.UpdateDatasetFileMetasResponseBody:
        items = [m.DatasetFileMetaConentUpdate(**item) for item in items]
        request = m.UpdateDatasetFileMetasRequest(dataset_file_metas=items, tag_job_id=job, **self.scope)
        return self.client.update_dataset_file_metas(self.id, request).body

    def update_all(self, *items: dict, job: str | None = None) -> None:
        """Updates the files, all of which have to be accepted."""
        body = self.update(*items, job=job)
        assert body.status is True and not body.failed_details, body

    def delete(self, *ids: str) -> m.DeleteDatasetFileMetasResponseBody:
        request = m.DeleteDatasetFileMetasRequest(dataset_file_meta_ids=",".join(ids), **self.scope)
        return self.client.delete_dataset_file_metas(self.id, request).body

    def get(self, file_id: str) -> m.DatasetFileMetaContentGet:
        request = m.GetDatasetFileMetaRequest(**self.scope)
        return self.client.get_dataset_file_meta(self.id, file_id, request).body.dataset_file_meta

    def list(self, **parameters) -> m.ListDatasetFileMetasResponseBody:
        request = m.ListDatasetFileMetasRequest(**self.scope, **parameters)
        return self.client.list_dataset_file_metas(self.id, request).body

    def pages(self, **parameters) -> Iterator[m.ListDatasetFileMetasResponseBody]:
        """Every page, as a client walks them."""
        token = None
        while True:
            page = self.list(next_token=token, **parameters)
            yield page
            token = page.next_token
            if not token:
                return
            assert page.dataset_file_metas, "a token after an empty page"

    def walk(self, **parameters) -> list[m.DatasetFileMeta]:
        """Every file of a listing; no page too long, each with the true total, no file twice."""
        size = parameters.setdefault("max_results", 100)
        files, totals = [], set()
        for page in self.pages(**parameters):
            assert len(page.dataset_file_metas) == page.page_size <= size == page.max_results
            totals.add(page.total_count)
            files += page.dataset_file_metas
        assert totals == {len(files)}, (totals, len(files), parameters)
        assert len({file.uri for file in files}) == len(files), parameters
        return files

    def uris(self, **parameters) -> list[str]:
        return [file.uri for file in self.walk(**parameters)]

    def counts(self, by: str | None = None, most: int | None = None) -> list[tuple[str, int]]:
        """The statistics, in their order."""
        request = m.GetDatasetFileMetasStatisticsRequest(aggregate_by=by, max_results=most, **self.scope)
        body = self.client.get_dataset_file_metas_statistics(self.id, request).body
        assert body.request_id
        self.groups = body.total_count
        return [(group.key, group.count) for group in body.dataset_file_metas_stats]

    def job(self, action: str, **fields) -> str:
        """Starts a job."""
        fields = {"job_spec": "{}"} | fields
        request = m.CreateDatasetJobRequest(job_action=action, **self.scope, **fields)
        return self.client.create_dataset_job(self.id, request).body.dataset_job_id

    def job_state(self, job: str) -> m.GetDatasetJobResponseBody:
        return self.client.get_dataset_job(self.id, job, m.GetDatasetJobRequest(**self.scope)).body

    def finished(self, job: str) -> m.GetDatasetJobResponseBody:
        """The job's last state."""
        end = time.monotonic() + JOB_SECONDS
        while time.monotonic() < end:
            state = self.job_state(job)
            if state.status not in ("Pending", "Running"):
                return state
            time.sleep(0.1)
        raise AssertionError(f"the job is still {state.status}")

    def index(self) -> None:
        """Gives every file a vector."""
        assert self.finished(self.job("SemanticIndex")).status == "Succeeded"


def user_tags(*add: str, remove: tuple[str, ...] = (), taken_back: tuple[str, ...] = ()) -> str:
    """The Tags text of a person's change."""
    tags = {"user": {"add": add, "remove": remove}, "user-delete-ai-tags": {"add": taken_back, "remove": []}}
    return json.dumps(tags, ensure_ascii=False)


class Answer:
    """What came back over a socket."""

    def __init__(self, raw: bytes):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
        assert found, raw[:200]
        self.status = int(found[1])
        self.headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}

    def json(self) -> Any:
        return json.loads(self.body)


def request_bytes(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as it goes over the wire; the connection ends with it."""
    headers = {"host": "127.0.0.1", "connection": "close"} | (headers or {})
    if body:
        headers = {"content-type": "application/json", "content-length": str(len(body))} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def exchange(address: tuple[str, int], raw: bytes, seconds: float = 20) -> Answer:
    """Sends these bytes and reads to the end of the answer."""
    with socket.create_connection(address, timeout=seconds) as connection:
        connection.sendall(raw)
        data = b""
        while not whole(data):
            part = connection.recv(65536)
            if not part:
                break
            data += part
    return Answer(data)


def whole(data: bytes) -> bool:
    """Whether this is a complete message with a content-length."""
    head, blank, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    return bool(blank and length and len(body) >= int(length[1]))


def recorded(call: Callable[[str], Any]) -> bytes:
    """The bytes of the one request that `call` makes to the endpoint it is given."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        caught: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                data = b""
                while not whole(data) and not (data.startswith(b"GET") and data.endswith(b"\r\n\r\n")):
                    data += connection.recv(65536)
                caught.append(data)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
                    b"connection: close\r\n\r\n{}"
                )

        thread = threading.Thread(target=serve)
        thread.start()
        call(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    return caught[0]
