"""File metadata through the PAI client: create, get, update, delete, statistics."""

from __future__ import annotations

import json
import re

import pytest

import oracle
from clients import Dataset, pai_refuses, user_tags

MINIMAL = {
    "file_type": "image",
    "content_type": "image/jpeg",
    "file_finger_print": "D41D8CD98F00B204E9800998ECF8427E",
    "file_update_time": "2025-01-12T14:36:01Z",
}
FULL = MINIMAL | {
    "uri": "oss://bucket/cars/2025/1.jpg",
    "file_name": "first.jpg",
    "file_create_time": "2025-01-12T14:36:01.001Z",
    "data_size": 10_000,
    "comment": "车, and 'quotes' \"too\"",
    "meta_attributes": '{"ImageHeight":400,"Image":{"Width":800},"big":9007199254740993}',
    "tags": '{"user":{"add":["lane_line","sunny"]}}',
}
NO_TAGS = {"ai": [], "user": [], "user-delete-ai-tags": []}


def item(name: str, **fields) -> dict:
    """A small file with this name."""
    return MINIMAL | {"uri": f"oss://bucket/files/{name}"} | fields


def tags_of(dataset: Dataset, file_id: str) -> dict[str, list[str]]:
    return json.loads(dataset.get(file_id).tags)


def test_every_field_comes_back(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(FULL)
    assert file_id == oracle.file_id(dataset.id, FULL["uri"])
    before = oracle.now()
    meta = dataset.get(file_id)
    told = meta.to_map()
    for name in ("uri", "file_name", "file_type", "content_type", "file_finger_print", "data_size", "comment"):
        assert getattr(meta, name) == FULL[name], name
    assert json.loads(meta.meta_attributes) == json.loads(FULL["meta_attributes"])
    assert json.loads(meta.tags) == NO_TAGS | {"user": ["lane_line", "sunny"]}
    assert (meta.file_dir, meta.status, meta.dataset_file_meta_id) == ("cars/2025", "ACTIVE", file_id)
    assert oracle.ms(meta.file_create_time) == oracle.ms(FULL["file_create_time"])
    assert oracle.ms(meta.file_update_time) == oracle.ms(FULL["file_update_time"])
    assert before - 60_000 < oracle.ms(meta.tag_update_time) <= before
    for name, value in told.items():
        if name.endswith("Time"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value), (name, value)
    [listed] = dataset.walk()
    for name in set(listed.to_map()) & set(told):
        assert listed.to_map()[name] == told[name], name


def test_the_least_that_is_allowed(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(item("a b.jpg"))
    meta = dataset.get(file_id)
    assert (meta.file_name, meta.file_dir) == ("a b.jpg", "files")
    assert json.loads(meta.tags) == NO_TAGS
    assert (meta.data_size, meta.comment, meta.file_create_time, meta.tag_update_time) == (None,) * 4


def test_both_answers_agree_on_what_is_empty(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(item("a.jpg"))
    single, listed = dataset.get(file_id).to_map(), dataset.walk()[0].to_map()
    assert {"MetaAttributes", "Tags"} & set(single) == {"MetaAttributes", "Tags"} & set(listed)


@pytest.mark.parametrize("name", ["uri", "file_type", "content_type", "file_finger_print", "file_update_time"])
def test_what_is_required(dataset: Dataset, name: str) -> None:
    bad = {key: value for key, value in item("bad.jpg").items() if key != name}
    body = dataset.create(item("good.jpg"), bad)
    assert (body.status, len(body.failed_details)) == (False, 1)
    assert body.failed_details[0].result
    assert dataset.uris() == ["oss://bucket/files/good.jpg"]


@pytest.mark.parametrize("text, means", [
    ("2025-01-12T14:36Z", "2025-01-12T14:36:00.000Z"),
    ("2025-01-12T14:36:01Z", "2025-01-12T14:36:01.000Z"),
    ("2025-01-12T14:36:01.5Z", "2025-01-12T14:36:01.500Z"),
    ("2025-01-12T14:36:01.001Z", "2025-01-12T14:36:01.001Z"),
    ("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"),
    ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z"),
    ("2025-02-30T00:00:00Z", None),
    ("2025-01-12T25:00Z", None),
    ("yesterday", None),
])
def test_dates(dataset: Dataset, text: str, means: str | None) -> None:
    body = dataset.create(item("a.jpg", file_update_time=text))
    assert body.status is (means is not None), body
    if means:
        [file] = dataset.walk()
        assert oracle.ms(file.file_update_time) == oracle.ms(means)


@pytest.mark.parametrize("tags, user", [
    ('{"user":{"add":["b","a"]}}', ["b", "a"]),
    ('{"user":["cat","White"]}', ["cat", "White"]),
    ('{"user":{"add":["cat"],"remove":[]},"user-delete-ai-tags":{"add":[],"remove":[]}}', ["cat"]),
    ('{"user":{"add":["it\'s","a,b","车道线","100% +"]}}', ["it's", "a,b", "车道线", "100% +"]),
    ('{"user":[]}', []),
    ("{}", []),
    ("", []),
    ('{"user":"cat"}', None),
    ('{"user":[1]}', None),
    ("[1", None),
    ("cat", None),
])
def test_forms_of_tags(dataset: Dataset, tags: str, user: list[str] | None) -> None:
    body = dataset.create(item("a.jpg", tags=tags))
    assert body.status is (user is not None), body
    if user is not None:
        assert tags_of(dataset, body.succeed_details[0].dataset_file_meta_id) == NO_TAGS | {"user": user}


@pytest.mark.parametrize("attributes, right", [
    ('{"a":{"b":[1,2.5,null,true,"x"]},"车":1}', True), ("{}", True), ("", True), ("[1]", False), ("{", False),
])
def test_forms_of_attributes(dataset: Dataset, attributes: str, right: bool) -> None:
    body = dataset.create(item("a.jpg", meta_attributes=attributes))
    assert body.status is right, body
    if right and len(attributes) > 2:
        assert json.loads(dataset.walk()[0].meta_attributes) == json.loads(attributes)


def test_sizes(dataset: Dataset) -> None:
    edge = 2**63 - 1
    dataset.create_all(item("0", data_size=0), item("edge", data_size=edge))
    assert {file.data_size for file in dataset.walk()} == {0, edge}
    assert dataset.create(item("-1", data_size=-1)).status is False


NAMES = ["车道线.jpg", "a,b.jpg", "a+b.jpg", "100%.jpg", "100%25.jpg", "it's.jpg", 'a"b.jpg', "a b~*&=?#.jpg", "😀.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_kind(dataset: Dataset, name: str) -> None:
    [file_id] = dataset.create_all(item(name, comment=name, tags=user_tags(name)))
    assert file_id == oracle.file_id(dataset.id, item(name)["uri"])
    meta = dataset.get(file_id)
    assert (meta.uri, meta.file_name, meta.comment) == (item(name)["uri"], name, name)
    assert dataset.uris(query_file_name=name) == [meta.uri]
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    assert dataset.uris(query_expression=f"FileName = '{quoted}' AND Tags.all = '{quoted}'") == [meta.uri]
    if "," not in name:
        assert dataset.uris(query_tags_include_all=[name]) == [meta.uri]


def test_nas_and_top_level_files(dataset: Dataset) -> None:
    for uri, folder in [("nas://0e25d/dataset/deep/2.jpg", "dataset/deep"), ("oss://bucket/top.jpg", None)]:
        [file_id] = dataset.create_all(MINIMAL | {"uri": uri})
        assert (dataset.get(file_id).file_dir or None) == folder


def test_a_bad_item_fails_alone(dataset: Dataset) -> None:
    dataset.create_all(item("old.jpg", comment="first"))
    batch = [item("new.jpg"), item("old.jpg", comment="second"), item("bad.jpg", file_update_time="?"),
             item("new.jpg"), item("last.jpg")]
    body = dataset.create(*batch)
    assert body.status is False and body.request_id
    assert [d.uri.rpartition("/")[2] for d in body.succeed_details] == ["new.jpg", "last.jpg"]
    failed = [(d.uri.rpartition("/")[2], d.result) for d in body.failed_details]
    assert failed[0] == ("old.jpg", "Already Exists")
    assert failed[1][0] == "bad.jpg" and failed[1][1] not in ("", "Already Exists")
    assert failed[2] == ("new.jpg", "Already Exists")
    old = oracle.file_id(dataset.id, item("old.jpg")["uri"])
    assert body.failed_details[0].dataset_file_meta_id == old
    assert dataset.get(old).comment == "first"
    assert len(dataset.uris()) == 3


def test_update_changes_what_it_says(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(FULL)
    changes = {
        "file_name": "new, name.jpg", "comment": "c", "data_size": 0, "file_type": "video",
        "content_type": "video/mp4", "file_finger_print": "x", "meta_attributes": '{"Image":{"Width":1920}}',
        "file_create_time": "2020-01-01T00:00Z", "file_update_time": "2020-01-02T00:00:00Z",
        "semantic_index_job_id": "dsjob-klf", "semantic_index_update_time": "2021-01-12T14:36:01.000Z",
    }
    for name, value in changes.items():
        dataset.update_all({"dataset_file_meta_id": file_id, name: value})
    meta = dataset.get(file_id)
    for name, value in changes.items():
        told = getattr(meta, name)
        if name.endswith("time"):
            assert oracle.ms(told) == oracle.ms(value), name
        else:
            assert told == value, name
    assert (meta.uri, meta.file_dir) == (FULL["uri"], "cars/2025")
    assert json.loads(meta.tags)["user"] == ["lane_line", "sunny"]
    assert dataset.uris(query_expression="FileName = 'new, name.jpg' AND HAS SemanticIndexJobId") == [FULL["uri"]]


def test_user_tags(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(FULL)
    touched = dataset.get(file_id).tag_update_time
    dataset.update_all({"dataset_file_meta_id": file_id, "comment": "not a tag"})
    assert dataset.get(file_id).tag_update_time == touched
    for add, remove, want in [
        (["a", "车道线"], ["sunny"], ["lane_line", "a", "车道线"]),
        (["a"], ["absent"], ["lane_line", "a", "车道线"]),
        ([], ["lane_line", "a", "车道线"], []),
    ]:
        dataset.update_all({"dataset_file_meta_id": file_id, "tags": user_tags(*add, remove=tuple(remove))})
        assert sorted(tags_of(dataset, file_id)["user"]) == sorted(want)
    assert oracle.ms(dataset.get(file_id).tag_update_time) >= oracle.ms(touched)


def test_ai_tags(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(item("a.jpg", tags=user_tags("mine")))

    def set_by(job: str, *tags: str) -> None:
        dataset.update_all({"dataset_file_meta_id": file_id, "tags": json.dumps({"ai": tags})}, job=job)

    first, second = dataset.job("IntelligentTag"), dataset.job("IntelligentTag")
    set_by(first, "car", "sunny day")
    set_by(second, "car", "water barrier")
    assert sorted(tags_of(dataset, file_id)["ai"]) == ["car", "sunny day", "water barrier"]
    set_by(first, "night")
    assert sorted(tags_of(dataset, file_id)["ai"]) == ["car", "night", "water barrier"]
    dataset.update_all({"dataset_file_meta_id": file_id, "tags": user_tags(taken_back=("night",))})
    tags = tags_of(dataset, file_id)
    assert (sorted(tags["ai"]), tags["user-delete-ai-tags"]) == (["car", "night", "water barrier"], ["night"])
    assert dataset.uris(query_tags_include_all=["car", "mine"]) == [item("a.jpg")["uri"]]
    assert dataset.uris(query_tags_include_all=["night"]) == []
    again = '{"user-delete-ai-tags":{"add":[],"remove":["night"]}}'
    dataset.update_all({"dataset_file_meta_id": file_id, "tags": again})
    assert len(dataset.uris(query_tags_include_all=["night"])) == 1


def test_ai_tags_need_a_job(dataset: Dataset) -> None:
    [file_id] = dataset.create_all(item("a.jpg"))
    change = {"dataset_file_meta_id": file_id, "tags": '{"ai":["car"]}'}
    for job in (None, ""):
        body = dataset.update(change, job=job)
        assert (body.status, len(body.failed_details)) == (False, 1), job
        assert body.failed_details[0].result
    assert tags_of(dataset, file_id) == NO_TAGS


def test_update_of_what_is_not_there(dataset: Dataset) -> None:
    [file_id, gone] = dataset.create_all(item("a.jpg"), item("gone.jpg"))
    dataset.delete(gone)
    items = [{"dataset_file_meta_id": key, "comment": "new"} for key in ("07914c95", gone, file_id)]
    body = dataset.update(*items)
    assert body.status is False
    assert [(d.dataset_file_meta_id, d.result) for d in body.failed_details] == [
        ("07914c95", "Not Found"), (gone, "Not Found")]
    assert dataset.get(file_id).comment == "new"


def test_delete_and_revive(dataset: Dataset) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg"]
    ids = dataset.create_all(*(item(name, tags=user_tags("old"), comment="old") for name in names))
    body = dataset.delete(ids[0], "07914c95", ids[1])
    assert body.status is False and body.request_id
    assert [(d.dataset_file_meta_id, d.result) for d in body.failed_details] == [("07914c95", "Not Found")]
    meta = dataset.get(ids[0])
    assert (meta.status, meta.comment) == ("DELETED", "old")
    uris = [item(name)["uri"] for name in names]
    assert set(dataset.uris()) == set(uris[2:])
    assert set(dataset.uris(status="DELETED")) == set(uris[:2])
    assert set(dataset.uris(status="ALL")) == set(uris)
    assert {file.status for file in dataset.walk(status="DELETED")} == {"DELETED"}
    assert dataset.counts("filetype") == [("image", 1)]
    assert dataset.delete(ids[0]).status is False
    [again] = dataset.create_all(item("a.jpg", comment="new"))
    assert again == ids[0]
    meta = dataset.get(again)
    assert (meta.status, meta.comment, json.loads(meta.tags)) == ("ACTIVE", "new", NO_TAGS)
    assert set(dataset.uris()) == {uris[0], uris[2]}


def test_get_of_what_is_not_there(dataset: Dataset) -> None:
    for file_id in ("07914c95", "0" * 64, "a/b ü"):
        pai_refuses(lambda: dataset.get(file_id), 404, "DatasetFileMetaNotFound")


AGGREGATES = {
    "filedir": lambda r: [r["dir"]] if r["dir"] else [],
    "filetype": lambda r: [r["type"]],
    "tags.user": lambda r: r["user"],
    "tags.ai": lambda r: r["ai"],
    "tags.user-delete-ai-tags": lambda r: r["gone"],
    "tags.all": oracle.all_tags,
}


@pytest.mark.parametrize("by", AGGREGATES)
def test_statistics(populated, by: str) -> None:
    dataset, records, _ = populated
    want = oracle.counted(records, AGGREGATES[by])
    for name in (by, by.upper()):
        have = dataset.counts(name, 100)
        counts = [count for _, count in have]
        assert counts == sorted(counts, reverse=True)
        assert {key: count for key, count in have if key} == dict(want)
        assert dataset.groups == len(have)
    first = dataset.counts(by, 1)
    assert (first, dataset.groups) == (have[:1], len(have))
    assert len(dataset.counts(by)) == min(10, len(have))


def test_statistics_refuse(populated) -> None:
    dataset, _, _ = populated
    for by, most in [("colour", 10), ("filetype", 0), ("filetype", 101)]:
        pai_refuses(lambda: dataset.counts(by, most), 400, "InvalidParameter")
