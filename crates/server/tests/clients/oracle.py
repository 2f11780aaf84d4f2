"""What the server has to answer, worked out over plain dicts. It never asks the server."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from datetime import datetime, timezone
from random import Random
from typing import Callable, Iterable

Record = dict
Predicate = Callable[[Record], bool]

FOLDERS = ["cars/blue_car", "cars/red_car/2025", "photos/beach day", "夏天/海边", "a+b/100%", "it's, here", ""]
WORDS = ["lane line", "lane_line", "line-lane", "Toyota", "beachSunset", "车道线", "café", "it's", "50%", "a+b", "x,y"]
TAGS = ["car", "red", "lane line", "night", "rainy days", "车道线", "it's", "100%", "a+b", "Car", "x,y"]
JOB_TAGS = ["car", "barrier gate", "sunny day", "night", "ground shade"]
TYPES = [
    ("image", "image/jpeg", "jpg"),
    ("image", "image/png", "png"),
    ("image", "image/svg+xml", "svg"),
    ("video", "video/mp4", "mp4"),
    ("audio", "audio/mpeg", "mp3"),
    ("text", "text/plain", "txt"),
    ("application", "application/json", "json"),
]
SIZES = [0, 100, 12_345, 1_000_000, 2**40]
COMMENTS = ["a red car in the snow", "a fallen water horse", "children playing on a beach", "一只猫", "night, and rain"]
START = datetime(2025, 1, 1, tzinfo=timezone.utc)


def ms(text: str) -> int:
    """A UTC time as milliseconds."""
    text = re.sub(r"T(\d\d:\d\d)Z$", r"T\1:00Z", text)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def iso(at: int) -> str:
    """Milliseconds as the services write them."""
    return datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def now() -> int:
    return time.time_ns() // 1_000_000


def file_id(dataset_id: str, uri: str) -> str:
    """A file's id, as the contract has it."""
    return hashlib.sha256(f"{dataset_id}\0{uri}".encode()).hexdigest()


def folder_of(uri: str) -> str:
    """The folder of an oss or nas URI."""
    path = uri.split("://", 1)[1].partition("/")[2]
    return path.rpartition("/")[0]


def all_tags(record: Record) -> list[str]:
    """ai and user, less those taken back."""
    return [tag for tag in dict.fromkeys(record["ai"] + record["user"]) if tag not in record["gone"]]


def words(text: str) -> list[str]:
    """A text's words, for the texts that this file makes."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower().replace("é", "e")
    return re.findall(r"[a-z]+|\d+|[\u4e00-\u9fff]", text)


def says(text: str | None, phrase: str) -> bool:
    """Whether the phrase's words stand in the text, side by side."""
    have, want = words(text or ""), words(phrase)
    return any(have[at : at + len(want)] == want for at in range(len(have) - len(want) + 1))


def has_part(text: str | None, part: str) -> bool:
    """A part of the text in any case: the services' fuzzy match."""
    return part.lower() in (text or "").lower()


def after(value: int | None, bound: str) -> bool:
    return value is not None and value >= ms(bound)


def before(value: int | None, bound: str) -> bool:
    return value is not None and value <= ms(bound)


def generate(number: int, rng: Random) -> Record:
    """One record."""
    kind, content_type, extension = rng.choice(TYPES)
    name = f"{rng.choice(WORDS)}_{rng.choice(WORDS)}-{number}.{extension}"
    folder = rng.choice(FOLDERS)
    start = rng.choice(["oss://bucket", "nas://fs-01"])
    uri = "/".join(filter(None, [start, folder, name]))
    minute = ms(START.isoformat()) + rng.randrange(500_000) * 60_000
    step = rng.choice([1, 1_000, 60_000])  # written to the millisecond, the second, the minute
    tags = rng.sample(TAGS, rng.randrange(5))
    return {
        "number": number,
        "uri": uri,
        "name": rng.choice([name, name, f"renamed {rng.choice(WORDS)} {number}.{extension}"]),
        "dir": folder,
        "type": kind,
        "content_type": content_type,
        "print": f"{number:032X}",
        "size": rng.choice([None, *SIZES, rng.randrange(2**31)]),
        "created": rng.choice([None, minute - rng.randrange(10**10) // step * step]),
        "updated": minute + rng.randrange(60_000) // step * step,
        "step": step,
        "comment": rng.choice([None, *COMMENTS]),
        "attributes": rng.choice([{}, {"width": rng.randrange(2000), "exif": {"iso": rng.choice([100, 200])}}]),
        "user": tags,
        "ai": [],
        "gone": [],
        "status": "ACTIVE",
        "tagged": "create" if tags else None,
    }


def written(at: int | None, step: int) -> str | None:
    """A time as exactly as its step says."""
    length = {1: 23, 1_000: 19, 60_000: 16}[step]
    return None if at is None else iso(at)[:length] + "Z"


def creation(record: Record) -> dict:
    """The fields of a DatasetFileMetaContentCreate."""
    tags, plain = record["user"], record["number"] % 2
    item = {
        "uri": record["uri"],
        "file_type": record["type"],
        "content_type": record["content_type"],
        "file_finger_print": record["print"],
        "file_update_time": written(record["updated"], record["step"]),
        "file_create_time": record["created"] and iso(record["created"]),
        "data_size": record["size"],
        "comment": record["comment"],
        "meta_attributes": json.dumps(record["attributes"]) if record["attributes"] else None,
        "tags": json.dumps({"user": tags if plain else {"add": tags}}, ensure_ascii=False) if tags else None,
    }
    if record["name"] != record["uri"].rpartition("/")[2]:
        item["file_name"] = record["name"]
    return {name: value for name, value in item.items() if value is not None}


def populate(dataset, rng: Random, count: int = 400) -> tuple[list[Record], dict[str, int]]:
    """Puts generated records into a dataset, in steps with moments between them."""
    records = [generate(number, rng) for number in range(count)]
    moments = {}

    def step(name: str, change: Callable[[], None]) -> None:
        time.sleep(0.01)
        change()
        time.sleep(0.01)
        moments[name] = now()

    def create() -> None:
        for at in range(0, count, 100):
            dataset.create_all(*map(creation, records[at : at + 100]))
            time.sleep(0.005)

    def tag_by_machine() -> None:
        chosen = rng.sample(records, count // 3)
        job = dataset.job("IntelligentTag")
        for record in chosen:
            record["ai"] = rng.sample(JOB_TAGS, rng.randrange(1, 4))
            record["tagged"] = "ai"
        dataset.update_all(*({"dataset_file_meta_id": file_id(dataset.id, r["uri"]),
                              "tags": json.dumps({"ai": r["ai"]})} for r in chosen), job=job)

    def tag_by_hand() -> None:
        chosen = rng.sample(records, count // 4)
        items = []
        for record in chosen:
            add, remove = rng.sample(TAGS, 2), record["user"][:1]
            gone = record["ai"][:1]
            remove = [tag for tag in remove if tag not in add]
            record["user"] = [tag for tag in record["user"] if tag not in remove]
            record["user"] += [tag for tag in add if tag not in record["user"]]
            record["gone"] = gone
            record["tagged"] = "hand"
            tags = {"user": {"add": add, "remove": remove}, "user-delete-ai-tags": {"add": gone, "remove": []}}
            items.append({"dataset_file_meta_id": file_id(dataset.id, record["uri"]),
                          "tags": json.dumps(tags, ensure_ascii=False)})
        dataset.update_all(*items)

    def delete() -> None:
        chosen = rng.sample(records, count // 10)
        for record in chosen:
            record["status"] = "DELETED"
        body = dataset.delete(*(file_id(dataset.id, r["uri"]) for r in chosen))
        assert body.status is True and not body.failed_details

    for name, change in [("create", create), ("ai", tag_by_machine), ("hand", tag_by_hand), ("delete", delete)]:
        step(name, change)
    return records, moments


def chosen(records: Iterable[Record], predicate: Predicate, status: str = "ACTIVE") -> list[str]:
    """The URIs of the records that a listing finds, in the records' order."""
    return [r["uri"] for r in records if status in ("ALL", r["status"]) and predicate(r)]


def counted(records: Iterable[Record], keys: Callable[[Record], Iterable[str]]) -> Counter[str]:
    """How often each key is on an active record."""
    return Counter(key for r in records if r["status"] == "ACTIVE" for key in keys(r))
