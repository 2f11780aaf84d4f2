"""The recorded exchanges of the real clients, replayed; answers have the recorded answers' shapes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import clients
from clients import Answer, Dataset, exchange, request_bytes
from test_pai_files import item
from test_pds import Drive

WIRE = Path(__file__).parents[5] / "shared" / "wire"
RECORDED = sorted(path.stem for path in WIRE.glob("*.json"))
BIG, SMALL, ODD = "d-rbvg5wz0c9ks92", "d-1", "d/ü ?x"

# What no server can be brought to on request, or what this one does otherwise by its contract.
LEFT_OUT = {
    "err_429": "429 needs hundreds of requests at once",
    "err_500": "nothing makes this server fail inside",
    "pds_err_500": "nothing makes this server fail inside",
}
# The status that this server answers with, where it is not the recorded one.
OTHER_STATUS = {
    "resp_201": 200, "resp_204": 200, "pds_delete_204": 200, "pds_trash_204": 200,
    "pds_err_409": 200,              # `refuse` answers with the file that has the name
    "list_minimal_and_edge": 400,    # MaxResults=0
}
# Keys of recorded answers that were invented for the recording, or that only a cloud can know.
UNKNOWN = {
    "UnknownExtra", "HostId", "Status400", "Description", "Detail", "Score",
    "action_list", "auto_delete_left_sec", "dir_size_info", "download_url", "thumbnail", "thumbnail_urls",
    "image_media_metadata", "video_media_metadata", "upload_id", "crc64_hash", "trashed_at", "user_tags",
}


def prepared_drive(endpoint: str) -> dict[str, str]:
    """Puts there the drive of the recordings; the recorded ids and those they have here."""
    drive = Drive(clients.pds(endpoint), Dataset.make(clients.pai(endpoint), "1", None).id)
    said = {"size": 2048, "content_hash": "EA49", "content_hash_name": "sha1",
            "local_created_at": "2019-08-20T06:51:27Z"}
    files = [drive.file(name, **said) for name in ("f.jpg", "g.jpg", "工作汇报.jpg")]
    for file in files:
        drive.update(file, description="d", labels=["l"], local_modified_at="2019-08-20T06:51:27Z")
    return {"f": files[0], "9520943DC264": files[1]}


def prepared(endpoint: str) -> dict[str, str]:
    """Puts there the datasets of the recordings; the recorded ids and those they have here."""
    pai = clients.pai(endpoint)
    big, odd = (Dataset.make(pai, name, None) for name in (BIG, ODD))
    Dataset.make(pai, SMALL, None)
    odd.client.create_dataset_version(odd.id, clients.m.CreateDatasetVersionRequest(
        property="DIRECTORY", data_source_type="OSS", uri="oss://b/"))
    tags = clients.user_tags("lane line", "车道线", "a")
    ids = big.create_all(*(item(
        f"cars/20250221/{name} car.jpg", tags=tags, comment="a fallen water horse", data_size=3,
        file_create_time="2025-01-12T14:36:01.001Z", meta_attributes='{"a":1}') for name in ("id1", "id2", "07914c95")))
    job = big.job("IntelligentTag")
    big.update_all(*({"dataset_file_meta_id": i, "tags": '{"ai":["lane line"]}'} for i in ids), job=job)
    big.index()
    return {"id1": ids[0], "id2": ids[1], "07914c95": ids[2], "dsjob-hv0b1": job}


def replayed(record: dict, ids: dict[str, str], address: tuple[str, int]) -> Answer:
    """Sends the recorded request; only ids that a server draws itself are put in their places."""
    request = record["requests"][-1]
    target, body = request["request_target_raw"], request["body_raw"]
    for old, new in ids.items():
        body = body.replace(f'"{old}"', f'"{new}"')
        if len(old) > 1:
            target = target.replace(old, new)
    # Tokens are drawn by the server too; and a search here is near to one thing, not to three.
    target = re.sub(r"&(NextToken=9|QueryImage=|QueryVideo=)[^&]*", "", target)
    body = body.replace(',"marker":"m"', "").replace('"marker":"m",', "")
    skipped = {"content-length", "host", "accept-encoding"}
    headers = {name: value for name, value in request["headers"] if name.lower() not in skipped}
    return exchange(address, request_bytes(request["method"], target, headers, body.encode()))


def compare(want: Any, have: Any, place: str) -> None:
    """Each key of the typed model's answer is there, with a value of the same JSON type."""
    if isinstance(want, dict):
        assert isinstance(have, dict), (place, have)
        for key, value in want.items():
            if key in UNKNOWN or value in (None, []):
                continue
            assert key in have, f"{place}.{key} is missing in {have}"
            compare(value, have[key], f"{place}.{key}")
    elif isinstance(want, list):
        assert isinstance(have, list), (place, have)
        if want and have:
            compare(want[0], have[0], f"{place}[0]")
    elif isinstance(want, (int, float)) and not isinstance(want, bool):
        assert isinstance(have, (int, float)) and not isinstance(have, bool), (place, have)
    else:
        assert type(want) is type(have), (place, want, have)


@pytest.mark.skipif(not RECORDED, reason="the recorded exchanges are not beside this repository")
@pytest.mark.parametrize("name", RECORDED or ["none"])
def test_exchange(serve, name: str) -> None:
    if name in LEFT_OUT:
        pytest.skip(LEFT_OUT[name])
    record = json.loads((WIRE / f"{name}.json").read_text())
    server = serve()
    ids = (prepared_drive if name.startswith("pds") else prepared)(server.endpoint)
    if name == "pds_err_404":
        ids.pop("f")
    if name == "pds_err_409":
        Drive(clients.pds(server.endpoint), "1").file("x")
    answer = replayed(record, ids, server.address)
    want = OTHER_STATUS.get(name, record["answer"]["status"])
    if name == "list_odd_path_id":
        want = 404  # There is no version `v 1`.
    assert answer.status == want, (answer.status, answer.body)
    told = answer.json()
    if want >= 400:
        keys = ["code", "message"] if name.startswith("pds") else ["Code", "Message", "RequestId"]
        assert all(isinstance(told[key], str) and told[key] for key in keys)
        return
    typed = record.get("typed_response", {}).get("body")
    if typed is not None:
        if name in ("create", "delete"):  # Here nothing fails.
            typed = {key: value for key, value in typed.items() if key != "FailedDetails"}
        if name == "list_full":
            typed = {key: value for key, value in typed.items() if key not in ("DatasetFileMetas", "NextToken")}
        compare(typed, told, name)
    assert "x-ca-request-id" in answer.headers or not name.startswith("pds")


@pytest.mark.skipif(not RECORDED, reason="the recorded exchanges are not beside this repository")
def test_the_keys_of_a_listed_file(serve) -> None:
    """What the recorded listing says of a file, a listing here says too."""
    record = json.loads((WIRE / "list_full.json").read_text())
    server = serve()
    prepared(server.endpoint)
    target = f"/api/v1/datasets/{BIG}/datasetfilemetas?DatasetVersion=v1&WorkspaceId=1&MaxResults=1"
    answer = exchange(server.address, request_bytes("GET", target)).json()
    compare(record["typed_response"]["body"], answer, "list")
    compare({"SyncTime": "", "TagUpdateTime": ""}, answer["DatasetFileMetas"][0], "list")
