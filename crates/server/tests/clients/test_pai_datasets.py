"""Datasets, versions and jobs through the PAI client."""

from __future__ import annotations

import json
from typing import Callable

import pytest
from alibabacloud_aiworkspace20210204 import models as m
from alibabacloud_aiworkspace20210204.client import Client

import clients
import oracle
from clients import Dataset, pai_refuses

FIELDS = {
    "accessibility": "PUBLIC", "data_source_type": "NAS", "data_type": "PIC", "description": "cars, and 车",
    "edition": "ADVANCED", "labels": [m.Label(key="k", value="v"), m.Label(key="猫", value="")],
    "options": '{"mountPath":"/mnt/data/"}', "property": "FILE", "provider_type": "Ecs", "source_id": "s-1",
    "source_type": "USER", "uri": "nas://fs.region/dir/", "user_id": "u-1", "workspace_id": "478",
    "import_info": '{"region":"r"}', "source_dataset_id": "d-0", "source_dataset_version": "v3",
}


@pytest.fixture
def client(fresh) -> Client:
    """A client of a server over an empty database."""
    return clients.pai(fresh.endpoint)


def make(client: Client, name: str, **fields) -> str:
    return Dataset.make(client, name, **fields).id


def test_every_field_comes_back(client: Client) -> None:
    dataset_id = client.create_dataset(m.CreateDatasetRequest(name="cars", **FIELDS)).body.dataset_id
    for key in (dataset_id, "cars"):
        body = client.get_dataset(key, m.GetDatasetRequest()).body
        assert (body.dataset_id, body.name) == (dataset_id, "cars") and body.request_id
        for name, value in FIELDS.items():
            told = getattr(body, name)
            if name == "labels":
                assert [(label.key, label.value) for label in told] == [("k", "v"), ("猫", "")]
            else:
                assert told == value, name
        assert abs(oracle.ms(body.gmt_create_time) - oracle.now()) < 60_000
        assert oracle.ms(body.gmt_modified_time) >= oracle.ms(body.gmt_create_time)
        assert body.latest_version.version_name == "v1"
    [listed] = client.list_datasets(m.ListDatasetsRequest(workspace_id="478")).body.datasets
    assert (listed.dataset_id, listed.uri, listed.labels[0].key) == (dataset_id, FIELDS["uri"], "k")


def test_the_least_that_is_allowed(client: Client) -> None:
    dataset_id = client.create_dataset(m.CreateDatasetRequest(name="ds")).body.dataset_id
    body = client.get_dataset(dataset_id, m.GetDatasetRequest()).body
    assert (body.name, body.accessibility, body.data_type) == ("ds", "PRIVATE", "COMMON")
    free = Dataset(client, dataset_id, "any workspace")
    assert free.list().total_count == 0


@pytest.mark.parametrize("name", ["", None, "n" * 300])
def test_wrong_names(client: Client, name: str | None) -> None:
    pai_refuses(lambda: client.create_dataset(m.CreateDatasetRequest(name=name)), 400)


def test_names_are_taken_once(client: Client) -> None:
    make(client, "cars")
    pai_refuses(lambda: make(client, "cars"), 409, "DatasetAlreadyExists")
    other = make(client, "bikes")
    rename = m.UpdateDatasetRequest(name="cars")
    pai_refuses(lambda: client.update_dataset(other, rename), 409, "DatasetAlreadyExists")


def test_update(client: Client) -> None:
    dataset_id = make(client, "cars", description="old", options="{}")
    assert client.update_dataset(dataset_id, m.UpdateDatasetRequest(name="autos", description="new")).body.request_id
    body = client.get_dataset("autos", m.GetDatasetRequest()).body
    assert (body.dataset_id, body.description, body.options) == (dataset_id, "new", "{}")
    client.update_dataset(dataset_id, m.UpdateDatasetRequest(options='{"a":1}'))
    body = client.get_dataset(dataset_id, m.GetDatasetRequest()).body
    assert (body.name, body.description, body.options) == ("autos", "new", '{"a":1}')


def test_delete(client: Client) -> None:
    dataset = Dataset.make(client, "cars")
    dataset.create_all({"uri": "oss://b/1.jpg", "file_type": "image", "content_type": "image/jpeg",
                        "file_finger_print": "x", "file_update_time": "2025-01-12T14:36Z"})
    assert client.delete_dataset(dataset.id, m.DeleteDatasetRequest()).body.request_id
    gone = [lambda: client.get_dataset(dataset.id, m.GetDatasetRequest()), lambda: dataset.list(),
            lambda: client.delete_dataset(dataset.id, m.DeleteDatasetRequest()),
            lambda: client.update_dataset(dataset.id, m.UpdateDatasetRequest(description="x"))]
    for call in gone:
        pai_refuses(call, 404, "DatasetNotFound")
    assert Dataset.make(client, "cars").list().total_count == 0


LISTINGS: list[tuple[dict, Callable[[int], bool]]] = [
    ({}, lambda i: True),
    ({"workspace_id": "1"}, lambda i: i % 2 == 1),
    ({"name": "set-1"}, lambda i: str(i).startswith("1")),
    ({"data_types": "PIC"}, lambda i: i % 3 == 0),
    ({"data_types": "PIC,TEXT"}, lambda i: i % 3 != 2),
    ({"data_source_types": "NAS"}, lambda i: i % 4 == 0),
    ({"properties": "FILE"}, lambda i: i % 5 == 0),
    ({"workspace_id": "0", "data_types": "TEXT"}, lambda i: i % 2 == 0 and i % 3 == 1),
]


def test_lists_of_datasets(client: Client) -> None:
    ids = [make(client, f"set-{i:02d}" if i < 1 else f"set-{i}", workspace=str(i % 2),
                data_type=["PIC", "TEXT", "COMMON"][i % 3], data_source_type="OSS" if i % 4 else "NAS",
                property="DIRECTORY" if i % 5 else "FILE") for i in range(23)]
    for parameters, predicate in LISTINGS:
        want = [ids[i] for i in range(23) if predicate(i)]
        have, number = [], 1
        while True:
            request = m.ListDatasetsRequest(page_number=number, page_size=4, order="ASC",
                                            sort_by="GmtCreateTime", **parameters)
            body = client.list_datasets(request).body
            assert body.total_count == len(want), parameters
            if not body.datasets:
                break
            have += [dataset.dataset_id for dataset in body.datasets]
            assert len(body.datasets) == min(4, len(want) - 4 * (number - 1))
            number += 1
        assert have == want, parameters
    body = client.list_datasets(m.ListDatasetsRequest(dataset_ids=f"{ids[3]},{ids[5]},d-none")).body
    assert {d.dataset_id for d in body.datasets} == {ids[3], ids[5]}
    assert len(client.list_datasets(m.ListDatasetsRequest()).body.datasets) == 10
    down = client.list_datasets(m.ListDatasetsRequest(order="DESC", sort_by="GmtCreateTime", page_size=1)).body
    assert down.datasets[0].dataset_id == ids[-1]
    for bad in ({"page_number": 0}, {"page_size": 0}, {"page_size": 1001}, {"order": "UP"}, {"sort_by": "Colour"}):
        pai_refuses(lambda: client.list_datasets(m.ListDatasetsRequest(**bad)), 400, "InvalidParameter")


def new_version(client: Client, dataset_id: str, **fields) -> str:
    fields = {"data_source_type": "OSS", "property": "DIRECTORY", "uri": "oss://b/d/"} | fields
    return client.create_dataset_version(dataset_id, m.CreateDatasetVersionRequest(**fields)).body.version_name


def told_version(client: Client, dataset_id: str, name: str) -> m.GetDatasetVersionResponseBody:
    return client.get_dataset_version(dataset_id, name, m.GetDatasetVersionRequest()).body


def test_versions(client: Client) -> None:
    dataset = Dataset.make(client, "cars")
    item = {"uri": "oss://b/1.jpg", "file_type": "image", "content_type": "image/jpeg", "file_finger_print": "x",
            "file_update_time": "2025-01-12T14:36Z", "data_size": 7}
    [file_id] = dataset.create_all(item)
    told = {"description": "second", "labels": [m.Label(key="k", value="v")], "options": '{"a":1}',
            "source_type": "USER", "source_id": "s", "data_count": 3, "data_size": 9}
    assert [new_version(client, dataset.id, **told), new_version(client, dataset.id)] == ["v2", "v3"]
    body = told_version(client, dataset.id, "v2")
    assert (body.version_name, body.dataset_id, body.uri) == ("v2", dataset.id, "oss://b/d/") and body.request_id
    for name in ("description", "options", "source_type", "source_id"):
        assert getattr(body, name) == told[name], name
    assert body.labels[0].value == "v"
    client.update_dataset_version(dataset.id, "v2", m.UpdateDatasetVersionRequest(description="changed"))
    body = told_version(client, dataset.id, "v2")
    assert (body.description, body.options) == ("changed", '{"a":1}')

    second = Dataset(client, dataset.id)
    second.scope = dataset.scope | {"dataset_version": "v2"}
    assert second.list().total_count == 0
    assert second.create_all(item | {"comment": "second"}) == [file_id], "one id in every version"
    assert (dataset.get(file_id).comment, second.get(file_id).comment) == (None, "second")
    latest = client.get_dataset(dataset.id, m.GetDatasetRequest()).body.latest_version.version_name
    assert latest == "v3"

    names = []
    for number in (1, 2, 3):
        request = m.ListDatasetVersionsRequest(page_number=number, page_size=2, order="ASC")
        body = client.list_dataset_versions(dataset.id, request).body
        assert (body.total_count, body.page_number, body.page_size) == (3, number, 2)
        names += [version.version_name for version in body.dataset_versions]
    assert names == ["v1", "v2", "v3"]
    request = m.ListDatasetVersionsRequest(page_number=1, page_size=10, order="DESC")
    body = client.list_dataset_versions(dataset.id, request).body
    assert [version.version_name for version in body.dataset_versions] == ["v3", "v2", "v1"]

    assert client.delete_dataset_version(dataset.id, "v2", m.DeleteDatasetVersionRequest()).body.request_id
    pai_refuses(lambda: told_version(client, dataset.id, "v2"), 404, "DatasetVersionNotFound")
    pai_refuses(lambda: second.list(), 404, "DatasetVersionNotFound")
    assert dataset.list().total_count == 1
    assert new_version(client, dataset.id) == "v4"


def test_orders_that_the_documents_name(client: Client) -> None:
    """Both lists ascend where nothing is said, and versions are sorted by any of seven fields."""
    ids = [make(client, name) for name in ("b", "a", "c")]
    assert [d.dataset_id for d in client.list_datasets(m.ListDatasetsRequest()).body.datasets] == ids
    new_version(client, "a", data_size=1, data_count=2)
    new_version(client, "a", data_size=2, data_count=1)
    for sort_by in (None, "GmtCreateTime", "GmtModifiedTime", "SourceType", "DataSourceType", "Property", "DataSize",
                    "DataCount"):
        request = m.ListDatasetVersionsRequest(page_number=1, page_size=10, sort_by=sort_by)
        names = [v.version_name for v in client.list_dataset_versions("a", request).body.dataset_versions]
        assert sorted(names) == ["v1", "v2", "v3"]
        if sort_by in (None, "GmtCreateTime"):
            assert names == ["v1", "v2", "v3"]
        if sort_by in ("DataSize", "DataCount"):
            assert (names.index("v2") < names.index("v3")) is (sort_by == "DataSize")


def filled(client: Client, count: int) -> Dataset:
    dataset = Dataset.make(client, "jobs")
    dataset.create_all(*({
        "uri": f"oss://b/{i}.jpg", "file_type": "image", "content_type": "image/jpeg", "file_finger_print": "x",
        "file_update_time": "2025-01-12T14:36Z", "comment": f"a red car, number {i}"} for i in range(count)))
    return dataset


def test_a_semantic_index_job(client: Client) -> None:
    dataset = filled(client, 30)
    job = dataset.job("SemanticIndex", description="first", job_mode="Increment", job_spec='{"x":1}')
    state = dataset.finished(job)
    assert (state.status, state.total_file_count, state.completed_file_count, state.failed_file_count) == (
        "Succeeded", 30, 30, 0)
    assert (state.job_action, state.job_mode, state.description) == ("SemanticIndex", "Increment", "first")
    assert state.request_id and json.loads(state.job_spec) == {"x": 1}
    assert oracle.ms(state.create_time) <= oracle.ms(state.finish_time) <= oracle.now() + 1000
    file = dataset.walk()[0]
    assert file.semantic_index_job_id == job
    assert dataset.list(query_type="VECTOR", query_text="red car", top_k=5).total_count == 5
    state = dataset.finished(dataset.job("SemanticIndex", job_mode="Increment"))
    assert (state.status, state.total_file_count) == ("Succeeded", 0)
    assert dataset.walk()[0].semantic_index_job_id == job, "what has a vector keeps it"
    full = dataset.job("SemanticIndex")
    state = dataset.finished(full)
    assert (state.status, state.job_mode, state.completed_file_count) == ("Succeeded", "Full", 30)
    assert dataset.walk()[0].semantic_index_job_id == full, "Full, the default, does all of them anew"


def test_a_job_over_nothing(client: Client) -> None:
    dataset = Dataset.make(client, "empty")
    state = dataset.finished(dataset.job("SemanticIndex"))
    assert (state.status, state.total_file_count) == ("Succeeded", 0)


def test_a_job_that_fails(client: Client) -> None:
    dataset = filled(client, 3)
    state = dataset.finished(dataset.job("SemanticIndex", job_spec='{"modelId":"no-such-model"}'))
    assert state.status == "Failed" and state.completed_file_count == 0
    assert "no-such-model" in " ".join(state.logs)


def test_lists_of_jobs(client: Client) -> None:
    dataset = filled(client, 2)
    made = [dataset.job("IntelligentTag" if i % 3 else "SemanticIndex") for i in range(7)]
    for job in made:
        dataset.finished(job)

    def listed(**parameters) -> tuple[list[str], int]:
        request = m.ListDatasetJobsRequest(**dataset.scope, **parameters)
        body = client.list_dataset_jobs(dataset.id, request).body
        assert body.request_id
        return [job.dataset_job_id for job in body.dataset_jobs], body.total_count

    assert listed(page_size=100, order="ASC") == (made, 7)
    assert listed(page_size=100) == (made[::-1], 7)
    assert listed(page_size=3, page_number=2) == (made[::-1][3:6], 7)
    assert listed(page_size=3, page_number=4) == ([], 7)
    assert listed(page_size=100, order="ASC", job_action="SemanticIndex") == (made[::3], 3)
    assert listed(page_size=100, status="Failed") == ([], 0)


def test_what_jobs_refuse(client: Client) -> None:
    dataset = filled(client, 1)
    for action in ("FileMetaExport", "FileMetaBuild", "IntelligentTagRevert", "FileMetaImport", "Dance", None):
        pai_refuses(lambda: dataset.job(action), 400)
    pai_refuses(lambda: dataset.job("SemanticIndex", job_mode="Half"), 400, "InvalidParameter")
    pai_refuses(lambda: dataset.job_state("dsjob-none"), 404, "DatasetJobNotFound")
