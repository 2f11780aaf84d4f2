"""Keys, signatures and tokens: the clients sign by themselves, here with right and wrong keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

import pytest
import requests
from alibabacloud_aiworkspace20210204 import models as m
from alibabacloud_pds20220301 import models as pds_models
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_util.client import Client as TeaUtil

import clients
from clients import Dataset, exchange, pai_refuses, pds_refuses, recorded
from server import Server, filedex
from test_pai_files import item

KEYS = """
[[access_key]]
id = "key-one"
secret = "secret-one"

[[access_key]]
id = "key-two"
secret = "secret-two/+="

[[access_key]]
id = "key-three"
secret = "secret-three"
security_token = "STS.token-of-three"

[[bearer]]
name = "someone"
token = "token-of-someone"
"""
ONE, TWO, THREE = ("key-one", "secret-one"), ("key-two", "secret-two/+="), ("key-three", "secret-three")
TOKEN = "token-of-someone"
OLD = {"pai": "2020-01-01T00:00:00Z", "pds": "Wed, 01 Jan 2020 00:00:00 GMT"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys.toml"
    file.write_text(KEYS)
    file.chmod(0o600)
    return file


@pytest.fixture
def guarded(serve, keys: Path) -> Server:
    """A server that asks for keys."""
    return serve("--auth", keys)


def read(endpoint: str, **options) -> m.ListDatasetsResponseBody:
    return clients.pai(endpoint, **options).list_datasets(m.ListDatasetsRequest()).body


def get_file(endpoint: str, drive: str = "d", **options) -> pds_models.File:
    request = pds_models.GetFileRequest(drive_id=drive, file_id="f")
    return clients.pds(endpoint, **options).get_file(request).body


@pytest.mark.parametrize("who", [{"key": ONE}, {"key": TWO}, {"key": THREE, "sts": "STS.token-of-three"},
                                 {"bearer": TOKEN}], ids=["one", "two", "sts", "bearer"])
def test_those_who_may(guarded: Server, who: dict) -> None:
    dataset = Dataset.make(clients.pai(guarded.endpoint, **who), "cars, ü/ %")
    dataset.create_all(item("a b+c%20~*.jpg", comment="车 & 'x'"))
    files = dataset.walk(query_file_name="a b+c%20~*", query_tags_exclude=["lane line", "车", "a+b"],
                         query_text="", query_file_dir="", max_results=1)
    assert len(files) == 1
    assert len(dataset.uris(query_expression="FileName CONTAINS '~*' AND NOT Comment:'a&b=c'")) == 1
    dataset.update_all({"dataset_file_meta_id": files[0].dataset_file_meta_id, "comment": "ü"})
    assert dataset.delete(files[0].dataset_file_meta_id).status is True
    pds_refuses(lambda: get_file(guarded.endpoint, dataset.id, **who), 404, "NotFound.File")
    made = clients.pds(guarded.endpoint, **who).create_file(pds_models.CreateFileRequest(
        drive_id=dataset.id, name="猫 1.jpg", parent_file_id="root", type="file"))
    assert made.status_code == 201


@pytest.mark.parametrize("who, status, code, pds_code", [
    ({"key": ("key-none", "x")}, 401, "InvalidAccessKeyId", "AccessTokenInvalid"),
    ({"key": ("key-one", "secret-nine")}, 403, "SignatureDoesNotMatch", "ForbiddenNoPermission"),
    ({"key": THREE, "sts": "STS.other"}, None, None, None), ({"key": THREE}, None, None, None),
    ({"bearer": "token"}, 401, "InvalidBearerToken", "AccessTokenInvalid"),
], ids=["unknown key", "wrong secret", "wrong security token", "no security token", "wrong token"])
def test_those_who_may_not(guarded: Server, who: dict, status: int, code: str, pds_code: str) -> None:
    if not status:  # 401 or 403: the contract names no code of its own.
        with pytest.raises(clients.ClientException) as caught:
            read(guarded.endpoint, **who)
        assert caught.value.status_code in (401, 403) and caught.value.request_id
        return
    pai_refuses(lambda: read(guarded.endpoint, **who), status, code)
    pds_refuses(lambda: get_file(guarded.endpoint, **who), status, pds_code)


def test_without_keys(guarded: Server) -> None:
    answer = requests.get(f"{guarded.endpoint}/api/v1/datasets")
    assert (answer.status_code, answer.json()["Code"]) == (401, "MissingAuthorization")
    answer = requests.post(f"{guarded.endpoint}/v2/file/get", json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "AccessTokenInvalid")
    answer = requests.get(f"{guarded.endpoint}/v1/datasets")
    assert answer.status_code == 401 and isinstance(answer.json()["detail"], str)
    assert requests.get(f"{guarded.endpoint}/metrics").status_code == 401
    assert requests.get(f"{guarded.endpoint}/openapi.json").status_code == 401
    assert requests.get(f"{guarded.endpoint}/healthz").status_code == 200
    for scheme in ("Bearer", "bearer"):
        headers = {"authorization": f"{scheme} {TOKEN}"}
        assert requests.get(f"{guarded.endpoint}/v1/datasets", headers=headers).status_code == 200
    headers = {"authorization": "Bearer wrong"}
    assert requests.get(f"{guarded.endpoint}/v1/datasets", headers=headers).status_code == 401


CALLS: dict[str, Callable[[str], object]] = {
    "pai": lambda endpoint: read(endpoint, key=ONE),
    "pds": lambda endpoint: get_file(endpoint, key=ONE),
}
PASSED = {"pai": 200, "pds": 404}


def code_of(answer: clients.Answer) -> str:
    return answer.json().get("Code") or answer.json()["code"]


@pytest.mark.parametrize("service", CALLS)
def test_a_request_is_good_once(guarded: Server, service: str) -> None:
    raw = recorded(CALLS[service])
    assert exchange(guarded.address, raw).status == PASSED[service]
    again = exchange(guarded.address, raw)
    assert again.status == 403 and code_of(again) in ("SignatureNonceUsed", "ForbiddenNoPermission"), again.body


@pytest.mark.parametrize("service", CALLS)
def test_old_requests(guarded: Server, service: str, monkeypatch) -> None:
    monkeypatch.setattr(Utils, "get_timestamp", staticmethod(lambda: OLD["pai"]))
    monkeypatch.setattr(TeaUtil, "get_date_utcstring", staticmethod(lambda: OLD["pds"]))
    raw = recorded(CALLS[service])
    assert OLD[service].encode() in raw
    answer = exchange(guarded.address, raw)
    assert answer.status == 403 and code_of(answer) in ("InvalidTimeStamp", "ForbiddenNoPermission"), answer.body


def create(endpoint: str) -> object:
    return clients.pai(endpoint, key=ONE).create_dataset(m.CreateDatasetRequest(name="signed"))


@pytest.mark.parametrize("call, old, new, status", [
    (CALLS["pai"], rb"GET /api/v1/datasets", rb"GET /api/v1/datasets?PageSize=1", 403),
    (CALLS["pai"], rb"x-acs-action: ListDatasets", rb"x-acs-action: GetDataset", 403),
    (CALLS["pai"], rb"x-acs-signature-nonce: .", rb"x-acs-signature-nonce: _", 403),
    (CALLS["pai"], rb"Signature=[0-9a-f]{8}", rb"Signature=00000000", 403),
    (CALLS["pai"], rb"Signature=.", rb"Signature=", 401),
    (CALLS["pai"], rb"Authorization: ACS3-HMAC-SHA256", b"Authorization: ACS9-HMAC-SHA256", 401),
    (create, rb'"Name":"signed"', rb'"Name":"forged"', 403),
    (CALLS["pds"], rb"POST /v2/file/get", rb"POST /v2/file/update", 403),
    (CALLS["pds"], rb"x-acs-signature-nonce: .", rb"x-acs-signature-nonce: _", 403),
    (CALLS["pds"], rb"Authorization: acs (\S+):.{8}", b"Authorization: acs \\1:AAAAAAAA", 403),
    (CALLS["pds"], rb"Authorization: acs (\S+):.*\r", b"Authorization: acs \\1:AAAA\r", 401),
], ids=lambda value: value.decode() if isinstance(value, bytes) else "")
def test_what_was_changed_on_the_way(guarded: Server, call, old: bytes, new: bytes, status: int) -> None:
    raw = recorded(call)
    changed = re.sub(old, new, raw, count=1)
    assert changed != raw
    answer = exchange(guarded.address, changed)
    assert answer.status == status, answer.body
    assert exchange(guarded.address, raw).status in (200, 404), "the true one is still good"


def test_signed_bodies_of_the_recordings_verify_here(guarded: Server) -> None:
    created = exchange(guarded.address, recorded(create))
    assert created.status == 200 and created.json()["DatasetId"]


def test_the_world_may_not_ask_without_keys(file: Path, keys: Path) -> None:
    refused = filedex("serve", file, "--listen", "0.0.0.0:0", timeout=20)
    assert refused.returncode == 2 and "--auth" in refused.stderr, refused.stderr
    assert "panicked" not in refused.stderr


def test_keys_from_the_environment(serve, monkeypatch) -> None:
    for name, value in [("FILEDEX_ACCESS_KEY_ID", ONE[0]), ("FILEDEX_ACCESS_KEY_SECRET", ONE[1]),
                        ("FILEDEX_BEARER_TOKEN", TOKEN)]:
        monkeypatch.setenv(name, value)
    server = serve("--auth", "env")
    assert read(server.endpoint, key=ONE).total_count == 0 == read(server.endpoint, bearer=TOKEN).total_count
    pai_refuses(lambda: read(server.endpoint, key=TWO), 401, "InvalidAccessKeyId")


@pytest.mark.parametrize("text, mode", [
    (KEYS, 0o644), ("[[access_key]]\nid = 'a'\n", 0o600), ("", 0o600), ("colour = 'red'", 0o600), ("[[", 0o600),
    (KEYS + "\n[[access_key]]\nid = 'key-one'\nsecret = 'other'\n", 0o600),
], ids=["readable by others", "no secret", "empty", "unknown name", "no TOML", "twice the same id"])
def test_wrong_key_files(file: Path, keys: Path, text: str, mode: int) -> None:
    keys.write_text(text)
    keys.chmod(mode)
    refused = filedex("serve", file, "--listen", "127.0.0.1:0", "--auth", keys, timeout=20)
    assert refused.returncode in (1, 2) and "key" in refused.stderr, refused.stderr
    assert "secret-one" not in refused.stderr and "panicked" not in refused.stderr


def test_secrets_stay_out_of_the_log(guarded: Server) -> None:
    read(guarded.endpoint, key=ONE)
    read(guarded.endpoint, bearer=TOKEN)
    pai_refuses(lambda: read(guarded.endpoint, bearer="wrong-token-x"), 401)
    guarded.stop()
    for secret in ("secret-one", TOKEN, "wrong-token-x", "secret-two"):
        assert secret not in guarded.stderr
