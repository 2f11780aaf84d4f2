"""Files of a drive through the PDS client."""

from __future__ import annotations

import re
from typing import Any, Callable

import pytest
from alibabacloud_pds20220301 import models as m
from alibabacloud_pds20220301.client import Client

import clients
import oracle
from clients import Dataset, exchange, pds_refuses, request_bytes

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"
STAMP = r"_\d{8}_\d{6}"


class Drive:
    """One drive, with requests that need not name it."""

    def __init__(self, client: Client, drive_id: str):
        self.client, self.id = client, drive_id

    def create(self, name: str, parent: str = "root", kind: str = "file", **fields) -> m.CreateFileResponseBody:
        request = m.CreateFileRequest(drive_id=self.id, name=name, parent_file_id=parent, type=kind, **fields)
        response = self.client.create_file(request)
        assert response.status_code == 201
        return response.body

    def folder(self, name: str, parent: str = "root") -> str:
        return self.create(name, parent, "folder").file_id

    def file(self, name: str, parent: str = "root", **fields) -> str:
        return self.create(name, parent, **fields).file_id

    def get(self, file_id: str, **fields) -> m.File:
        return self.client.get_file(m.GetFileRequest(drive_id=self.id, file_id=file_id, **fields)).body

    def update(self, file_id: str, **fields) -> m.File:
        return self.client.update_file(m.UpdateFileRequest(drive_id=self.id, file_id=file_id, **fields)).body

    def delete(self, file_id: str) -> m.DeleteFileResponseBody:
        return self.client.delete_file(m.DeleteFileRequest(drive_id=self.id, file_id=file_id)).body

    def trash(self, file_id: str) -> m.TrashFileResponseBody:
        return self.client.trash_file(m.TrashFileRequest(drive_id=self.id, file_id=file_id)).body

    def page(self, parent: str = "root", **fields) -> m.ListFileResponseBody:
        request = m.ListFileRequest(drive_id=self.id, parent_file_id=parent, **fields)
        return self.client.list_file(request).body

    def list(self, parent: str = "root", **fields) -> list[m.File]:
        return walked(lambda marker: self.page(parent, marker=marker, **fields), fields.get("limit", 50))

    def names(self, parent: str = "root", **fields) -> list[str]:
        return [item.name for item in self.list(parent, **fields)]

    def search_page(self, query: str | None, **fields) -> m.SearchFileResponseBody:
        return self.client.search_file(m.SearchFileRequest(drive_id=self.id, query=query, **fields)).body

    def search(self, query: str, **fields) -> list[str]:
        pages = lambda marker: self.search_page(None if marker else query, marker=marker, **fields)
        return [item.name for item in walked(pages, fields.get("limit", 50))]


def walked(page_at: Callable[[str | None], Any], limit: int) -> list[m.File]:
    """The files of every page."""
    items, marker = [], None
    while True:
        page = page_at(marker)
        assert len(page.items) <= limit
        items += page.items
        marker = page.next_marker
        if not marker:
            return items
        assert len(page.items) == limit


@pytest.fixture
def drive(shared, dataset: Dataset) -> Drive:
    return Drive(clients.pds(shared.endpoint), dataset.id)


def test_create_and_get(drive: Drive) -> None:
    said = {"size": 1024, "content_type": "image/png", "description": "a, 猫", "hidden": True,
            "content_hash": "EA49", "content_hash_name": "sha1", "local_created_at": "2019-08-20T06:51:27.292Z",
            "local_modified_at": "2020-08-20T06:51:27Z"}
    made = drive.create("猫 1.png", user_tags=[m.UserTag(key="k", value="v")], **said)
    assert (made.drive_id, made.domain_id, made.parent_file_id, made.type) == (drive.id, "default", "root", "file")
    assert made.file_name == "猫 1.png" and not made.exist
    for fields in ({}, {"fields": "*"}):
        file = drive.get(made.file_id, **fields)
        assert (file.file_id, file.drive_id, file.domain_id) == (made.file_id, drive.id, "default")
        assert (file.name, file.type, file.status, file.parent_file_id) == ("猫 1.png", "file", "available", "root")
        assert (file.category, file.file_extension, file.user_tags) == ("image", "png", {"k": "v"})
        for name in ("size", "content_type", "description", "hidden", "content_hash", "content_hash_name"):
            assert getattr(file, name) == said[name], name
        for name in ("local_created_at", "local_modified_at"):
            assert oracle.ms(getattr(file, name)) == oracle.ms(said[name])
        assert re.fullmatch(TIME, file.created_at) and re.fullmatch(TIME, file.updated_at)
        assert file.trashed_at is None and file.revision_id


def test_the_current_version_and_names_of_datasets(shared, drive: Drive, dataset: Dataset) -> None:
    file_id = drive.file("a.jpg")
    assert [file.dataset_file_meta_id for file in dataset.walk()] == [file_id]
    assert dataset.get(file_id).uri == f"pds://{drive.id}/a.jpg"
    name = clients.pai(shared.endpoint).get_dataset(dataset.id, clients.m.GetDatasetRequest()).body.name
    assert Drive(drive.client, name).get(file_id).name == "a.jpg"


def test_folders(drive: Drive) -> None:
    outer = drive.folder("outer")
    inner = drive.folder("inner", outer)
    deep = drive.file("deep.txt", inner, size=3)
    drive.file("top.txt")
    assert drive.names() == ["outer", "top.txt"]
    assert drive.names(outer) == ["inner"] and drive.names(inner) == ["deep.txt"]
    folder = drive.get(inner)
    assert (folder.type, folder.name, folder.parent_file_id, folder.file_id) == ("folder", "inner", outer, inner)
    file = drive.get(deep)
    assert (file.parent_file_id, file.name_path) == (inner, drive.get(deep).name_path)
    assert [f.file_id for f in drive.list(inner)] == [deep]
    assert drive.create("outer", kind="folder", check_name_mode="refuse").file_id == outer
    pds_refuses(lambda: drive.file("x", parent="0" * 64), 404, "NotFound.ParentFile")
    pds_refuses(lambda: drive.page("0" * 64), 404, "NotFound.ParentFile")


def test_update(drive: Drive) -> None:
    file_id = drive.file("a.jpg", size=5)
    first = drive.get(file_id)
    changes: dict[str, Any] = {
        "name": "b c.png", "description": "VIP user", "hidden": True, "starred": True, "labels": ["animal", "猫,x"],
        "local_modified_at": "2019-08-20T06:51:27.292Z",
    }
    for name, value in changes.items():
        assert getattr(drive.update(file_id, **{name: value}), name) == value
    file = drive.get(file_id)
    for name, value in changes.items():
        assert getattr(file, name) == value, name
    assert (file.size, file.file_id, file.created_at) == (5, file_id, first.created_at)
    assert file.file_extension == "png" and file.revision_id != first.revision_id
    cleared = {"description": "", "hidden": False, "starred": False, "labels": []}
    drive.update(file_id, **cleared)
    file = drive.get(file_id)
    assert [getattr(file, name) or value for name, value in cleared.items()] == list(cleared.values())
    assert file.name == "b c.png"
    unchanged = drive.update(file_id)
    assert unchanged.name == "b c.png"


@pytest.mark.parametrize("field, right, wrong", [
    ("name", "x" * 1024, "x" * 1025), ("name", "猫" * 341, "猫" * 342), ("name", "a", ""),
    ("name", "a", "a/b"),
    ("description", "猫" * 1024, "猫" * 1025), ("labels", ["a"] * 1 + [f"l{i}" for i in range(99)],
                                               [f"l{i}" for i in range(101)]),
    ("labels", ["猫" * 128], ["猫" * 129]), ("local_modified_at", "2019-08-20T06:51:27Z", "yesterday"),
    ("check_name_mode", "ignore", "overwrite"),
], ids=lambda value: str(value)[:20])
def test_limits(drive: Drive, field: str, right: Any, wrong: Any) -> None:
    file_id = drive.file("file.jpg")
    drive.update(file_id, **{field: right})
    before = drive.get(file_id).to_map()
    pds_refuses(lambda: drive.update(file_id, **{field: wrong}), 400, "InvalidParameter")
    assert drive.get(file_id).to_map() == before
    if field == "name":
        pds_refuses(lambda: drive.file(wrong), 400, "InvalidParameter")


def test_name_modes_of_update(drive: Drive) -> None:
    folder = drive.folder("f")
    taken, other, away = drive.file("x.jpg"), drive.file("y.jpg"), drive.file("z.jpg", folder)
    assert drive.update(away, name="x.jpg", check_name_mode="refuse").file_id == away, "another folder"
    before = drive.get(other).to_map()
    answer = drive.update(other, name="x.jpg", check_name_mode="refuse", description="lost")
    assert (answer.file_id, answer.name) == (taken, "x.jpg")
    assert drive.get(other).to_map() == before
    answer = drive.update(other, name="x.jpg", check_name_mode="auto_rename")
    assert answer.file_id == other and re.fullmatch(rf"x{STAMP}\.jpg", answer.name)
    third, fourth = drive.file("a"), drive.file("x.jpg.d")
    names = {drive.update(key, name="x.jpg", check_name_mode="auto_rename").name for key in (third, fourth)}
    assert len(names | {"x.jpg", answer.name}) == 4, "each another name"
    assert drive.update(other, name="x.jpg").name == "x.jpg"
    assert drive.update(taken, name="x.jpg", check_name_mode="refuse").file_id in (taken, other)
    assert drive.names(order_by="name").count("x.jpg") == 2
    drive.trash(taken), drive.trash(other)
    assert drive.update(third, name="x.jpg", check_name_mode="refuse").file_id == third, "trash holds no name"


def test_name_modes_of_create(drive: Drive) -> None:
    first = drive.create("x.jpg", size=1)
    refused = drive.create("x.jpg", size=2, check_name_mode="refuse")
    assert (refused.file_id, refused.exist, refused.file_name) == (first.file_id, True, "x.jpg")
    assert drive.get(first.file_id).size == 1
    renamed = drive.create("x.jpg", check_name_mode="auto_rename")
    assert re.fullmatch(rf"x{STAMP}\.jpg", renamed.file_name) and renamed.file_id != first.file_id
    again = drive.create("x.jpg", check_name_mode="ignore")
    assert (again.file_name, again.file_id != first.file_id) == ("x.jpg", True)
    assert drive.names(order_by="name").count("x.jpg") == 2


STEMS = ["red car", "blue_car", "汇报 car", 'it is "x"']


@pytest.fixture
def library(drive: Drive) -> tuple[Drive, list[dict]]:
    """A drive with files, and what is known of them."""
    folder = drive.folder("photos")
    files = []
    for number in range(60):
        extension, category = [("jpg", "image"), ("png", "image"), ("mp4", "video"), ("txt", "doc")][number % 4]
        file = {
            "name": f"{STEMS[number % 3 + number % 2]} {number}.{extension}",
            "parent": folder if number % 5 == 0 else "root", "size": number * 512, "category": category,
            "extension": extension, "description": "a story of dogs" if number % 7 == 0 else None,
            "hidden": number % 6 == 0, "starred": number % 10 == 0, "hash": f"H{number % 9}",
            "labels": [["a", "b"], ["b"], ["c,d"], []][number % 4], "trashed": number % 13 == 12,
        }
        file["id"] = drive.file(file["name"], file["parent"], size=file["size"], description=file["description"],
                                hidden=file["hidden"], content_hash=file["hash"], content_hash_name="sha1")
        drive.update(file["id"], labels=file["labels"], starred=file["starred"])
        if file["trashed"]:
            drive.trash(file["id"])
        files.append(file)
    return drive, files


SEARCHES: list[tuple[str, Callable[[dict], bool]]] = [
    ('name match "car"', lambda f: "car" in oracle.words(f["name"])),
    ('name match "red car"', lambda f: oracle.says(f["name"], "red car")),
    ('name match "汇报"', lambda f: "汇报" in f["name"]),
    ('name = "red car 0.jpg"', lambda f: f["name"] == "red car 0.jpg"),
    ('type = "file"', lambda f: True),
    ('category = "image"', lambda f: f["category"] == "image"),
    ('category = "video" or category = "doc"', lambda f: f["category"] in ("video", "doc")),
    ('file_extension = "jpg"', lambda f: f["extension"] == "jpg"),
    ('content_hash = "H3"', lambda f: f["hash"] == "H3"),
    ('status = "available" and type = "file"', lambda f: True),
    ('description match "dogs"', lambda f: f["description"] is not None),
    ('hidden = true', lambda f: f["hidden"]),
    ('hidden = false and type = "file"', lambda f: not f["hidden"]),
    ('starred = true', lambda f: f["starred"]),
    ('size >= 1024', lambda f: f["size"] >= 1024),
    ('size > 1024 and size < 10240', lambda f: 1024 < f["size"] < 10240),
    ('size = 1024', lambda f: f["size"] == 1024),
    ('size <= 0 and type = "file"', lambda f: f["size"] == 0),
    ('created_at > "2020-01-02T00:00:00" and type = "file"', lambda f: True),
    ('updated_at < "2006-01-02T00:00:00"', lambda f: False),
    ('labels in ["a"]', lambda f: "a" in f["labels"]),
    ('labels in ["a", "c,d"]', lambda f: bool({"a", "c,d"} & set(f["labels"]))),
    ('parent_file_id = "root" and type = "file"', lambda f: f["parent"] == "root"),
    ('not starred = true and type = "file"', lambda f: not f["starred"]),
    ('type = "file" and not (category = "image" or hidden = true)',
     lambda f: f["category"] != "image" and not f["hidden"]),
    ('category = "image" OR category = "doc" AND starred = true',
     lambda f: f["category"] == "image" or (f["category"] == "doc" and f["starred"])),
    ('(category = "image" Or category = "doc") And Not starred = true',
     lambda f: f["category"] in ("image", "doc") and not f["starred"]),
]


def test_search(library) -> None:
    drive, files = library
    for query, predicate in SEARCHES:
        want = sorted(f["name"] for f in files if not f["trashed"] and predicate(f))
        assert sorted(drive.search(query, limit=7)) == want, query
        assert drive.search_page(query, return_total_count=True, limit=1).total_count == len(want), query


def test_search_of_a_folder(library) -> None:
    drive, files = library
    folder = next(f["parent"] for f in files if f["parent"] != "root")
    have = drive.search(f'parent_file_id = "{folder}"')
    assert sorted(have) == sorted(f["name"] for f in files if f["parent"] == folder and not f["trashed"])
    assert drive.search('type = "folder"') == []  # ListFile has the folders


def test_search_order_and_pages(library) -> None:
    drive, files = library
    live = [f for f in files if not f["trashed"]]
    for order, key in [("size ASC", lambda f: f["size"]), ("size DESC", lambda f: -f["size"]),
                       ("name ASC", lambda f: f["name"]), ("created_at ASC", lambda f: files.index(f)),
                       ("created_at DESC,name ASC", lambda f: -files.index(f))]:
        want = [f["name"] for f in sorted(live, key=key)]
        have = drive.search('type = "file"', limit=9, order_by=order)
        if order.startswith("created_at"):  # Several can be made in one millisecond.
            assert sorted(have) == sorted(want)
        else:
            assert have == want, order
    page = drive.search_page('starred = true', limit=2)
    follow = drive.search_page('hidden = true', limit=2, marker=page.next_marker)
    starred = [f["name"] for f in live if f["starred"]]
    assert {item.name for item in page.items + follow.items} <= set(starred), "with a marker the query is ignored"


def test_lists(library) -> None:
    drive, files = library
    top = [f for f in files if f["parent"] == "root" and not f["trashed"]]
    for limit in (1, 7, 100):
        have = drive.list(limit=limit)
        assert sorted(item.name for item in have) == sorted(["photos", *(f["name"] for f in top)])
    assert drive.names(type="folder") == ["photos"]
    assert sorted(drive.names(type="file", category="video")) == sorted(
        f["name"] for f in top if f["category"] == "video")
    by_size = drive.names(type="file", order_by="size", order_direction="DESC", limit=8)
    assert by_size == [f["name"] for f in sorted(top, key=lambda f: -f["size"])]
    by_name = drive.names(type="file", order_by="name", limit=8)
    assert by_name == sorted(f["name"] for f in top)
    for field in ("created_at", "updated_at"):
        times = [getattr(item, field) for item in drive.list(type="file", order_by=field, limit=8)]
        assert times == sorted(times)
    for bad in ({"limit": 0}, {"limit": 101}, {"order_by": "colour"}, {"order_direction": "UP"}, {"marker": "x"},
                {"type": "link"}):
        pds_refuses(lambda: drive.page(**bad), 400, "InvalidParameter")


@pytest.mark.parametrize("query", [
    'colour = "red"', 'name match', 'size = "big"', 'size match 5', 'name = "a', '(size > 1', 'size > 1)', 'hidden = 1',
    'created_at > "yesterday"', 'labels in []', 'name prefix "a"', "x" * 4097,
], ids=lambda query: query[:20])
def test_wrong_searches(drive: Drive, query: str) -> None:
    error = pds_refuses(lambda: drive.search_page(query), 400, "InvalidParameter")
    assert len(error.message) > 10


def test_trash(drive: Drive) -> None:
    file_id = drive.file("a.jpg")
    done = drive.trash(file_id)
    assert (done.file_id, done.drive_id, done.domain_id) == (file_id, drive.id, "default")
    assert drive.names() == [] and drive.search('name = "a.jpg"') == []
    assert re.fullmatch(TIME, drive.get(file_id).trashed_at)


def test_delete(drive: Drive) -> None:
    file_id = drive.file("a.jpg")
    done = drive.delete(file_id)
    assert (done.file_id, done.drive_id, done.domain_id) == (file_id, drive.id, "default")
    for call in (lambda: drive.get(file_id), lambda: drive.delete(file_id), lambda: drive.trash(file_id),
                 lambda: drive.update(file_id, name="b")):
        pds_refuses(call, 404, "NotFound.File")
    trashed = drive.file("b.jpg")
    drive.trash(trashed)
    drive.delete(trashed)
    pds_refuses(lambda: drive.get(trashed), 404, "NotFound.File")


@pytest.mark.parametrize("end", ["trash", "delete"])
def test_a_folder_goes_with_all_that_is_in_it(drive: Drive, end: str) -> None:
    outer = drive.folder("outer")
    inner = drive.folder("inner", outer)
    ids = [drive.file("a.jpg", outer), drive.file("b.jpg", inner)]
    kept = drive.file("outer.jpg")
    getattr(drive, end)(outer)
    assert [file.file_id for file in drive.list()] == [kept]
    assert drive.search('type = "file"') == ["outer.jpg"]
    for file_id in ids:
        if end == "trash":
            assert drive.get(file_id).trashed_at
        else:
            pds_refuses(lambda: drive.get(file_id), 404, "NotFound.File")


def test_what_is_not_there(drive: Drive) -> None:
    nowhere = Drive(drive.client, "no-such-drive")
    file_id = drive.file("a.jpg")
    for call in (lambda: nowhere.get(file_id), lambda: nowhere.update(file_id), lambda: nowhere.page(),
                 lambda: nowhere.file("a"), lambda: nowhere.search_page("size > 1"), lambda: nowhere.delete(file_id),
                 lambda: nowhere.trash(file_id)):
        pds_refuses(call, 404, "NotFound.Drive")
    pds_refuses(lambda: drive.get("f"), 404, "NotFound.File")
    pds_refuses(lambda: drive.update("f", name="x"), 404, "NotFound.File")


@pytest.mark.parametrize("body", [b"[]", b'["d",null,"f",null,null,null]', b"null", b'"x"', b"{", b"", b'{"drive_id":5}'])
def test_bodies_that_are_no_object(shared, body: bytes) -> None:
    answer = exchange(shared.address, request_bytes("POST", "/v2/file/get", {"content-type": "application/json"}, body))
    assert (answer.status, answer.json()["code"]) == (400, "InvalidParameter"), answer.body
    assert "struct" not in answer.json()["message"], answer.body


def test_what_is_required(drive: Drive) -> None:
    client = drive.client
    for call in (
        lambda: client.get_file(m.GetFileRequest(drive_id=drive.id)),
        lambda: client.update_file(m.UpdateFileRequest(file_id="f", name="x")),
        lambda: client.create_file(m.CreateFileRequest(drive_id=drive.id, parent_file_id="root", type="file")),
        lambda: client.create_file(m.CreateFileRequest(drive_id=drive.id, name="a", type="file")),
        lambda: client.list_file(m.ListFileRequest(drive_id=drive.id)),
        lambda: client.search_file(m.SearchFileRequest(query="size > 1")),
        lambda: client.delete_file(m.DeleteFileRequest(drive_id=drive.id)),
    ):
        pds_refuses(call, 400, "InvalidParameter")
    pds_refuses(lambda: drive.file("a", kind="link"), 400, "InvalidParameter")
