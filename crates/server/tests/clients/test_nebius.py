"""Datasets in the shape of Nebius Token Factory, which has no client of its own for them."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

import clients

SCHEMA = [{"name": "text", "type": {"name": "string"}},
          {"name": "text_1", "type": {"name": "option", "item": {"name": "string"}}}]


class Nebius:
    """The dataset routes of one server."""

    def __init__(self, endpoint: str):
        self.base = f"{endpoint}/v1/datasets"

    def call(self, method: str, path: str = "", status: int = 200, **options) -> Any:
        answer = requests.request(method, self.base + path, **options)
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert answer.headers["content-type"].startswith("application/json")
        return answer.json()

    def create(self, name: str, status: int = 200, **fields) -> dict:
        return self.call("POST", status=status, json={"name": name, "schema": SCHEMA, "folder": "/"} | fields)


@pytest.fixture
def nebius(fresh) -> Nebius:
    return Nebius(fresh.endpoint)


def refused(answer: dict, *place: str) -> None:
    """FastAPI's shape, and this piece of input is in it."""
    assert set(answer) == {"detail"} and answer["detail"]
    for fault in answer["detail"]:
        assert set(fault) >= {"loc", "msg", "type"} and fault["msg"] and fault["type"]
        assert all(isinstance(step, (str, int)) for step in fault["loc"])
    assert list(place) in [fault["loc"] for fault in answer["detail"]], answer


def test_create_and_get(nebius: Nebius) -> None:
    made = nebius.create("cars", folder="/some/folder", metadata={"a": {"b": 1}}, ai_project_id="example_project")
    assert (made["name"], made["folder"], made["schema"]) == ("cars", "/some/folder", SCHEMA)
    assert (made["metadata"], made["ai_project_id"], made["type"]) == ({"a": {"b": 1}}, "example_project", "dataset")
    assert made["status"] in ("READY", "DRAFT") and made["error"] is None and isinstance(made["id"], str)
    assert isinstance(made["created_at"], int) and abs(made["created_at"] - time.time()) < 60
    assert made["current_version"] is None or isinstance(made["current_version"], str)
    assert nebius.call("GET", f"/{made['id']}") == made == nebius.call("GET", "/cars")


@pytest.mark.parametrize("body, name, folder", [
    ({"name": "new"}, "new", "/old"), ({"folder": "/new folder"}, "old", "/new folder"),
    ({"name": "车 1", "folder": "/新"}, "车 1", "/新"), ({"name": None, "folder": "/x"}, "old", "/x"),
    ({"name": "new", "folder": None}, "new", "/old"), ({}, "old", "/old"),
    ({"name": None, "folder": None}, "old", "/old"), ({"name": "old"}, "old", "/old"),
], ids=str)
def test_patch(nebius: Nebius, body: dict, name: str, folder: str) -> None:
    made = nebius.create("old", folder="/old", metadata={"keep": True})
    answer = nebius.call("PATCH", f"/{made['id']}", json=body)
    assert answer == made | {"name": name, "folder": folder}
    assert nebius.call("GET", f"/{made['id']}") == answer


@pytest.mark.parametrize("body, place", [
    ({"name": ""}, ["body", "name"]), ({"folder": ""}, ["body", "folder"]), ({"name": 5}, ["body", "name"]),
    ({"folder": ["/"]}, ["body", "folder"]), ([1], ["body"]), ("text", ["body"]),
], ids=str)
def test_wrong_patches(nebius: Nebius, body: Any, place: list[str]) -> None:
    made = nebius.create("old", folder="/old")
    refused(nebius.call("PATCH", f"/{made['id']}", 422, json=body), *place)
    assert nebius.call("GET", "/old") == made


def test_both_faults_are_told(nebius: Nebius) -> None:
    nebius.create("old")
    answer = nebius.call("PATCH", "/old", 422, json={"name": "", "folder": ""})
    refused(answer, "body", "name")
    refused(answer, "body", "folder")


def test_bodies_that_are_no_json(nebius: Nebius) -> None:
    nebius.create("old")
    for data in (b"{", b"\xff", b""):
        answer = nebius.call("PATCH", "/old", 422, data=data, headers={"content-type": "application/json"})
        assert answer["detail"][0]["loc"][0] == "body"


def test_what_is_not_there(nebius: Nebius) -> None:
    for method, options in [("GET", {}), ("PATCH", {"json": {"name": "x"}})]:
        answer = nebius.call(method, "/unknown", 404, **options)
        assert set(answer) == {"detail"} and isinstance(answer["detail"], str)


def test_names_are_taken_once(nebius: Nebius) -> None:
    nebius.create("a")
    nebius.create("b")
    for answer in (nebius.create("a", 409), nebius.call("PATCH", "/b", 409, json={"name": "a"})):
        assert isinstance(answer["detail"], str)
    assert nebius.call("GET", "/b")["name"] == "b"


@pytest.mark.parametrize("body, place", [
    ({"schema": SCHEMA, "folder": "/"}, ["body", "name"]),
    ({"name": "", "schema": [], "folder": "/"}, ["body", "name"]),
    ({"name": "a", "schema": SCHEMA, "folder": "/", "rows": [{"text": "x"}]}, ["body", "rows"]),
], ids=lambda value: str(value)[:30])
def test_wrong_creations(nebius: Nebius, body: dict, place: list[str]) -> None:
    refused(nebius.call("POST", "", 422, json=body), *place)


def test_list(nebius: Nebius) -> None:
    made = [nebius.create(f"set {i}")["id"] for i in range(25)]
    page = nebius.call("GET")
    assert set(page) == {"data", "has_more", "last_id"}
    assert [d["id"] for d in page["data"]] == made[:20] and page["has_more"] is True
    assert page["last_id"] == made[19]
    for limit in (1, 5, 25, 100):
        have, after = [], None
        while True:
            page = nebius.call("GET", params={"limit": limit} | ({"after": after} if after else {}))
            have += [d["id"] for d in page["data"]]
            after = page["last_id"]
            if not page["has_more"]:
                break
            assert len(page["data"]) == limit
        assert have == made
    assert page["data"][0] == nebius.call("GET", f"/{page['data'][0]['id']}")
    for limit in ("0", "101", "ten"):
        refused(nebius.call("GET", "", 422, params={"limit": limit}), "query", "limit")


def test_an_empty_list(nebius: Nebius) -> None:
    page = nebius.call("GET")
    assert (page["data"], page["has_more"]) == ([], False)


def test_pai_and_nebius_see_the_same_dataset(fresh, nebius: Nebius) -> None:
    made = nebius.create("cars")
    pai = clients.pai(fresh.endpoint)
    body = pai.get_dataset(made["id"], clients.m.GetDatasetRequest()).body
    assert (body.name, body.dataset_id) == ("cars", made["id"])
    nebius.call("PATCH", f"/{made['id']}", json={"name": "autos"})
    assert pai.get_dataset("autos", clients.m.GetDatasetRequest()).body.dataset_id == made["id"]
