"""ListDatasetFileMetas: every parameter and the query language, against the oracle."""

from __future__ import annotations

import threading
from random import Random
from typing import Callable

import pytest

import oracle
from clients import WORKSPACE, Dataset, exchange, pai_refuses, request_bytes, user_tags
from oracle import after, all_tags, before, has_part, says

Filter = tuple[dict, oracle.Predicate]
PLAIN_TAGS = [tag for tag in [*oracle.TAGS, *oracle.JOB_TAGS, "absent"] if "," not in tag]


def some_tags(rng: Random, most: int) -> list[str]:
    return rng.sample(PLAIN_TAGS, rng.randint(1, most))


def a_moment(rng: Random) -> str:
    return oracle.iso(oracle.ms("2025-01-01T00:00:00Z") + rng.randrange(500_000) * 60_000)


def by_ids(rng: Random, records: list, dataset: Dataset, _) -> Filter:
    uris = {r["uri"] for r in rng.sample(records, 40)}
    ids = [oracle.file_id(dataset.id, uri) for uri in uris]
    return {"dataset_file_meta_ids": [*ids, "07914c95"]}, lambda r: r["uri"] in uris


def by_all_tags(rng: Random, *_) -> Filter:
    tags = some_tags(rng, 2)
    return {"query_tags_include_all": tags}, lambda r: set(tags) <= set(all_tags(r))


def by_any_tag(rng: Random, *_) -> Filter:
    tags = some_tags(rng, 3)
    return {"query_tags_include_any": tags}, lambda r: bool(set(tags) & set(all_tags(r)))


def by_no_tag(rng: Random, *_) -> Filter:
    tags = some_tags(rng, 3)
    return {"query_tags_exclude": tags}, lambda r: not set(tags) & set(all_tags(r))


def by_name(rng: Random, *_) -> Filter:
    part = rng.choice(["lane", "LANE_L", "车道", "it's", "50%", "a+b", "x,y", "renamed ", ".PNG", "-1", "nothing"])
    return {"query_file_name": part}, lambda r: has_part(r["name"], part)


def by_folder(rng: Random, *_) -> Filter:
    part = rng.choice(["cars", "cars/blue_car/", "Beach Day", "海", "100%", "it's, h", "a+b//", "nothing"])
    return {"query_file_dir": part}, lambda r: has_part(r["dir"], part.rstrip("/"))


def by_type(rng: Random, *_) -> Filter:
    types = rng.sample(["image", "video", "audio", "text", "application", "model"], rng.randint(1, 3))
    return {"query_file_type_include_any": types}, lambda r: r["type"] in types


def by_content_type(rng: Random, *_) -> Filter:
    types = rng.sample([content_type for _, content_type, _ in oracle.TYPES], rng.randint(1, 3))
    return {"query_content_type_include_any": types}, lambda r: r["content_type"] in types


def by_start(rng: Random, records: list, *_) -> Filter:
    bound = rng.choice([a_moment(rng), oracle.iso(rng.choice(records)["updated"])])
    return {"start_file_update_time": bound}, lambda r: after(r["updated"], bound)


def by_end(rng: Random, records: list, *_) -> Filter:
    bound = rng.choice([a_moment(rng), oracle.iso(rng.choice(records)["updated"])])
    return {"end_file_update_time": bound}, lambda r: before(r["updated"], bound)


def by_tag_start(rng: Random, _records, _dataset, moments: dict) -> Filter:
    step = rng.choice(["create", "ai"])
    later = {"create": ["ai", "hand"], "ai": ["hand"]}[step]
    return {"start_tag_update_time": oracle.iso(moments[step])}, lambda r: r["tagged"] in later


def by_tag_end(rng: Random, _records, _dataset, moments: dict) -> Filter:
    step = rng.choice(["create", "ai"])
    sooner = {"create": ["create"], "ai": ["create", "ai"]}[step]
    return {"end_tag_update_time": oracle.iso(moments[step])}, lambda r: r["tagged"] in sooner


def by_text_as_tag(rng: Random, *_) -> Filter:
    tag = rng.choice(PLAIN_TAGS)
    return {"query_type": "TAG", "query_text": tag}, lambda r: tag in all_tags(r)


FILTERS: list[Callable[..., Filter]] = [
    by_ids, by_all_tags, by_any_tag, by_no_tag, by_name, by_folder, by_type, by_content_type, by_start, by_end,
    by_tag_start, by_tag_end, by_text_as_tag,
]


def check(populated, rng: Random, filters: list[Callable[..., Filter]], status: str | None = None) -> None:
    """A listing by these filters finds exactly what the oracle finds."""
    dataset, records, moments = populated
    parameters, predicates = {}, []
    for make in filters:
        more, predicate = make(rng, records, dataset, moments)
        parameters |= more
        predicates.append(predicate)
    want = oracle.chosen(records, lambda r: all(p(r) for p in predicates), status or "ACTIVE")
    have = dataset.uris(status=status, max_results=rng.choice([30, 100]), **parameters)
    assert sorted(have) == sorted(want), parameters


@pytest.mark.parametrize("make", FILTERS)
def test_each_filter(populated, rng: Random, make) -> None:
    for status in [None, "ACTIVE", "ALL", "DELETED"]:
        check(populated, rng, [make], status)


def test_filters_together(populated, rng: Random) -> None:
    for _ in range(80):
        filters = rng.sample(FILTERS, rng.choice([2, 2, 2, 3, 4]))
        check(populated, rng, filters, rng.choice([None, None, "ALL", "DELETED"]))


def test_tag_text_joins_the_other_tags(populated) -> None:
    dataset, records, _ = populated
    have = dataset.uris(query_type="TAG", query_text="car", query_tags_include_all=["red"],
                        query_tags_include_any=["night", "100%"])
    want = oracle.chosen(records, lambda r: {"car", "red"} <= set(all_tags(r))
                         and bool({"night", "100%"} & set(all_tags(r))))
    assert sorted(have) == sorted(want)


def test_empty_is_absent(populated) -> None:
    dataset, records, _ = populated
    every = dataset.uris()
    assert sorted(every) == sorted(oracle.chosen(records, lambda r: True))
    empty = {name: [] for name in (
        "dataset_file_meta_ids", "query_tags_include_all", "query_tags_include_any", "query_tags_exclude",
        "query_file_type_include_any", "query_content_type_include_any")}
    empty |= {name: "" for name in (
        "query_text", "query_file_name", "query_file_dir", "query_expression", "next_token", "sort_by", "order",
        "query_type", "status", "thumbnail_mode", "query_image", "query_video", "start_file_update_time",
        "end_file_update_time", "start_tag_update_time", "end_tag_update_time")}
    page = dataset.list(max_results=100, **empty)
    assert [file.uri for file in page.dataset_file_metas] == every[:100]


def test_tags_are_ignored_under_vector_and_pictures_under_tag(populated) -> None:
    dataset, records, _ = populated
    every = sorted(oracle.chosen(records, lambda r: True))
    assert sorted(dataset.uris(query_type="TAG", query_image="oss://bucket/a.png", query_video="oss://b/a.mp4",
                               top_k=1, score_threshold=0.9)) == every


# ---------------------------------------------------------------------------------------------- order and pages


@pytest.mark.parametrize("order", [None, "ASC", "DESC"])
@pytest.mark.parametrize("sort_by, key", [("FileCreateTime", "created"), ("FileUpdateTime", "updated")])
def test_order(populated, sort_by: str, key: str, order: str | None) -> None:
    dataset, records, _ = populated
    value = {r["uri"]: r[key] for r in records}
    have = [value[uri] for uri in dataset.uris(sort_by=sort_by, order=order, max_results=70)]
    present = [at for at in have if at is not None]
    assert present == sorted(present, reverse=order != "ASC")
    assert have == present + [None] * (len(have) - len(present)), "files without the time come last"


def test_newest_records_come_first(populated) -> None:
    dataset, records, _ = populated
    batch = {r["uri"]: r["number"] // 100 for r in records}
    have = [batch[uri] for uri in dataset.uris()]
    assert have == sorted(have, reverse=True)


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_pages_partition_the_answer(populated, size: int) -> None:
    dataset, records, _ = populated
    tag = {"query_tags_include_any": ["car"]} if size < 10 else {}
    want = oracle.chosen(records, lambda r: not tag or "car" in all_tags(r))
    for sort_by in [None, "FileUpdateTime"]:
        pages = list(dataset.pages(max_results=size, sort_by=sort_by, **tag))
        sizes = [len(page.dataset_file_metas) for page in pages]
        assert sizes[:-1] == [size] * (len(sizes) - 1) and 0 < sizes[-1] <= size
        assert len(pages) == -(-len(want) // size), "no empty page at the end"
        assert sorted(f.uri for page in pages for f in page.dataset_file_metas) == sorted(want)
        for page in pages:
            assert (page.total_count, page.max_results) == (len(want), size)
            assert page.page_size == len(page.dataset_file_metas)
            assert (page.dataset_id, page.workspace_id, page.dataset_version) == (dataset.id, WORKSPACE, "v1")


def test_page_sizes(populated) -> None:
    dataset, _, _ = populated
    assert len(dataset.list().dataset_file_metas) == 10
    assert len(dataset.list(page_size=7).dataset_file_metas) == 7
    assert len(dataset.list(page_size=7, max_results=3).dataset_file_metas) == 3
    for bad in ({"max_results": 0}, {"max_results": 101}, {"max_results": -1}):
        pai_refuses(lambda: dataset.list(**bad), 400, "InvalidParameter")


def test_pages_under_writes(dataset: Dataset, rng: Random) -> None:
    kept = [oracle.creation(oracle.generate(number, rng)) for number in range(150)]
    other = [oracle.creation(oracle.generate(number, rng)) for number in range(1000, 1200)]
    dataset.create_all(*kept, *other[:100])
    done, faults = threading.Event(), []

    def write() -> None:
        chance, there = Random(rng.random()), [item["uri"] for item in other[:100]]
        try:
            while not done.is_set():
                uri = chance.choice(there)
                file_id = oracle.file_id(dataset.id, uri)
                if chance.random() < 0.4:
                    dataset.delete(file_id)
                elif chance.random() < 0.5:
                    dataset.create(chance.choice(other))
                else:
                    created = oracle.iso(oracle.ms(oracle.START.isoformat()) + chance.randrange(10**10))
                    dataset.update({"dataset_file_meta_id": file_id, "file_create_time": created})
        except Exception as error:  # Told by the test's own thread.
            faults.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for order in ["ASC", "DESC", "ASC"]:
            pages = dataset.pages(sort_by="FileCreateTime", order=order, max_results=7)
            have = [file.uri for page in pages for file in page.dataset_file_metas]
            ours = {item["uri"] for item in kept}
            assert sorted(uri for uri in have if uri in ours) == sorted(ours)
    finally:
        done.set()
        writer.join()
    assert not faults, faults


def test_foreign_and_damaged_tokens(populated) -> None:
    dataset, _, _ = populated
    token = dataset.list(max_results=5).next_token
    middle = len(token) // 2
    damaged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    foreign = "90a6ee35-0000-4cd4-927e-1f45e1cb8b62_1729644433000"
    for bad, more in [(foreign, {}), ("x", {}), (token[:-1], {}), (damaged, {}), (token + "AAAA", {}),
                      (token, {"query_file_name": "lane"}), (token, {"sort_by": "FileUpdateTime"}),
                      (token, {"status": "ALL"})]:
        pai_refuses(lambda: dataset.list(max_results=5, next_token=bad, **more), 400, "InvalidNextToken")
    expression = {"query_expression": "FileName:'lane' AND MaxResults = 2"}
    token = dataset.list(**expression).next_token
    assert dataset.list(next_token=token, **expression).dataset_file_metas
    inside = f"FileName:'lane' AND MaxResults = 2 AND NextToken = '{token}'"
    assert dataset.list(query_expression=inside).dataset_file_metas


# ---------------------------------------------------------------------------------------------- the query language


EXPRESSIONS: list[tuple[str, oracle.Predicate]] = [
    ("FileName : 'lane line'", lambda r: says(r["name"], "lane line")),
    ("NOT FileName:'lane line'", lambda r: not says(r["name"], "lane line")),
    ("FileName:'beach sunset' OR FileName:\"CAFE\"",
     lambda r: says(r["name"], "beach sunset") or says(r["name"], "cafe")),
    ("FileName:'车道'", lambda r: says(r["name"], "车道")),
    ("FileDir:'blue_car'", lambda r: says(r["dir"], "blue car")),
    ("FileDir = 'cars/red_car/2025'", lambda r: r["dir"] == "cars/red_car/2025"),
    ("HAS FileDir", lambda r: r["dir"] != ""),
    ("FileType = 'image'", lambda r: r["type"] == "image"),
    ("FileType = 'Image'", lambda r: False),
    ("FileType='image' AND ContentType:'image/png'", lambda r: r["content_type"] == "image/png"),
    ("NOT ContentType = 'image/svg+xml'", lambda r: r["content_type"] != "image/svg+xml"),
    ("FileType != 'image'", lambda r: r["type"] != "image"),
    ("FileType IN ('image', \"video\")", lambda r: r["type"] in ("image", "video")),
    ("FileName CONTAINS 'A+B'", lambda r: has_part(r["name"], "a+b")),
    ("FileName CONTAINS '50%'", lambda r: "50%" in r["name"]),
    ("FileName CONTAINS 'it\\'s' AND FileDir = \"it's, here\"",
     lambda r: "it's" in r["name"] and r["dir"] == "it's, here"),
    ("Uri = 'oss://nowhere'", lambda r: False),
    ("HAS Comment", lambda r: r["comment"] is not None),
    ("NOT HAS Comment", lambda r: r["comment"] is None),
    ("Comment:'red car'", lambda r: says(r["comment"], "red car")),
    ("NOT Comment:'red car'", lambda r: not says(r["comment"], "red car")),
    ("DataSize = 12345", lambda r: r["size"] == 12_345),
    ("NOT DataSize = 12345", lambda r: r["size"] != 12_345),
    ("DataSize >= 12345", lambda r: r["size"] is not None and r["size"] >= 12_345),
    ("DataSize > 12345", lambda r: r["size"] is not None and r["size"] > 12_345),
    ("NOT DataSize > 12345", lambda r: not (r["size"] is not None and r["size"] > 12_345)),
    ("DataSize < 1e6 AND DataSize > 0", lambda r: r["size"] is not None and 0 < r["size"] < 10**6),
    ("DataSize <= 1099511627776 AND DataSize >= 1099511627776", lambda r: r["size"] == 2**40),
    ("HAS DataSize", lambda r: r["size"] is not None),
    ("FileUpdateTime > '2025-06-01T00:00:00.000Z'", lambda r: r["updated"] > oracle.ms("2025-06-01T00:00:00Z")),
    ("FileUpdateTime <= \"2025-06-01T08:00:00+08:00\"", lambda r: r["updated"] <= oracle.ms("2025-06-01T00:00:00Z")),
    ("FileUpdateTime >= '2025-03-01' AND FileUpdateTime < '2025-04-01'",
     lambda r: oracle.ms("2025-03-01T00:00Z") <= r["updated"] < oracle.ms("2025-04-01T00:00Z")),
    ("HAS FileCreateTime", lambda r: r["created"] is not None),
    ("FileCreateTime < '2025-06-01' OR NOT HAS FileCreateTime",
     lambda r: r["created"] is None or r["created"] < oracle.ms("2025-06-01T00:00Z")),
    ("SyncTime > -1h", lambda r: True),
    ("SyncTime > +1h", lambda r: False),
    ("HAS TagUpdateTime", lambda r: r["tagged"] is not None),
    ("Tags.all = 'car'", lambda r: "car" in all_tags(r)),
    ("NOT Tags.all = 'car'", lambda r: "car" not in all_tags(r)),
    ("Tags.user = 'car'", lambda r: "car" in r["user"]),
    ("Tags.ai = 'car'", lambda r: "car" in r["ai"]),
    ("Tags.user-delete-ai-tags = 'car'", lambda r: "car" in r["gone"]),
    ("Tags.all = 'x,y'", lambda r: "x,y" in all_tags(r)),
    ("Tags.all:ALL('red', 'night')", lambda r: {"red", "night"} <= set(all_tags(r))),
    ("HAS Tags.ai AND NOT HAS Tags.user-delete-ai-tags", lambda r: bool(r["ai"]) and not r["gone"]),
    ("HAS Tags.all", lambda r: bool(all_tags(r))),
    ("Tags.all IN ('red', '车道线', 'it\\'s')", lambda r: bool({"red", "车道线", "it's"} & set(all_tags(r)))),
    ("Attributes.width > 1000", lambda r: r["attributes"].get("width", 0) > 1000),
    ("Attributes.exif.iso = 200", lambda r: r["attributes"].get("exif", {}).get("iso") == 200),
    ("NOT HAS Attributes.exif", lambda r: not r["attributes"]),
    ("HAS SemanticIndexJobId", lambda r: False),
    ("FileType = 'image' OR FileType = 'video' AND HAS Comment",
     lambda r: r["type"] == "image" or (r["type"] == "video" and r["comment"] is not None)),
    ("(FileType = 'image' OR FileType = 'video') AND HAS Comment",
     lambda r: r["type"] in ("image", "video") and r["comment"] is not None),
    ("NOT FileType = 'image' AND NOT FileType = 'video'", lambda r: r["type"] not in ("image", "video")),
    ("NOT (FileType = 'image' OR HAS Comment)", lambda r: r["type"] != "image" and r["comment"] is None),
    ("(FileName:'line' AND ContentType='image/jpeg') or (filename:'toyota' and contenttype='image/png')",
     lambda r: (says(r["name"], "line") and r["content_type"] == "image/jpeg")
     or (says(r["name"], "toyota") and r["content_type"] == "image/png")),
    ("(FileUpdateTime > '2025-02-28T00:00:00Z' AND FileUpdateTime < '2025-09-30T09:27:29Z') AND "
     "NOT FileName=\"toyota.jpg\" AND (( Tags.all='lane line' AND Tags.all='barrier gate') OR "
     "NOT Tags.user='rainy days' ) AND SignMode='PUBLIC'",
     lambda r: oracle.ms("2025-02-28T00:00Z") < r["updated"] < oracle.ms("2025-09-30T09:27:29Z")
     and ({"lane line", "barrier gate"} <= set(all_tags(r)) or "rainy days" not in r["user"])),
    ("ALL", lambda r: True),
]


@pytest.mark.parametrize("expression, predicate", EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_expression(populated, expression: str, predicate: oracle.Predicate) -> None:
    dataset, records, _ = populated
    want = oracle.chosen(records, predicate)
    assert sorted(dataset.uris(query_expression=expression)) == sorted(want)


def test_expressions_joined_at_random(populated, rng: Random) -> None:
    dataset, records, _ = populated
    clauses = [pair for pair in EXPRESSIONS if "SignMode" not in pair[0]]
    for _ in range(60):
        (a, p), (b, q), (c, s) = rng.sample(clauses, 3)
        text, predicate = rng.choice([
            (f"({a}) AND ({b}) OR NOT ({c})", lambda r: p(r) and q(r) or not s(r)),
            (f"({a}) AND NOT (({b}) OR ({c}))", lambda r: p(r) and not (q(r) or s(r))),
            (f"NOT (({a}) AND ({b})) AND ({c})", lambda r: not (p(r) and q(r)) and s(r)),
        ])
        assert sorted(dataset.uris(query_expression=text)) == sorted(oracle.chosen(records, predicate)), text


@pytest.mark.parametrize("status", ["ACTIVE", "DELETED", "ALL"])
def test_status_inside_an_expression(populated, status: str) -> None:
    dataset, records, _ = populated
    have = dataset.uris(query_expression=f"FileType = 'image' AND Status = '{status}'")
    assert sorted(have) == sorted(oracle.chosen(records, lambda r: r["type"] == "image", status))


def test_control_properties_win(populated) -> None:
    dataset, _, _ = populated
    page = dataset.list(query_expression="HAS FileCreateTime AND SortBy = 'FileCreateTime' AND Order = 'ASC' "
                                         "AND MaxResults = 4", max_results=9)
    times = [oracle.ms(file.file_create_time) for file in page.dataset_file_metas]
    assert len(times) == 4 and times == sorted(times)
    beside = dataset.list(query_expression="ALL", max_results=3, thumbnail_mode="w_100")
    assert len(beside.dataset_file_metas) == 3


@pytest.mark.parametrize("expression", [
    "FileType = image", "FileUpdateTime = '2025-01-16'", "FileName > 'a'", "DataSize : 5", "FileUpdateTim > '2025'",
    "FileName:'lane", "(FileType = 'image'", "FileType IN ()", "TopK = 0", "TopK = 5001", "MaxResults = 101",
    "FileType = 'image' OR TopK = 5", "NOT Status = 'ALL'", "AND", "FileType == 'image'", "Content = 'x'",
])
def test_wrong_expressions(populated, expression: str) -> None:
    dataset, _, _ = populated
    error = pai_refuses(lambda: dataset.list(query_expression=expression), 400, "InvalidQueryExpression")
    assert len(error.message) > 20


@pytest.mark.parametrize("beside", [
    {"query_text": "car"}, {"query_type": "TAG"}, {"query_tags_include_all": ["car"]}, {"query_file_name": "car"},
    {"query_tags_include_any": ["car"]}, {"query_tags_exclude": ["car"]}, {"query_file_dir": "cars"},
    {"dataset_file_meta_ids": ["07914c95"]}, {"start_file_update_time": "2025-01-01T00:00:00Z"},
    {"query_file_type_include_any": ["image"]}, {"top_k": 5}, {"score_threshold": 0.5},
], ids=lambda beside: next(iter(beside)))
def test_a_search_parameter_beside_an_expression(populated, beside: dict) -> None:
    dataset, _, _ = populated
    error = pai_refuses(lambda: dataset.list(query_expression="ALL", **beside), 400)
    assert error.code in ("InvalidParameter", "InvalidQueryExpression")


def test_messages_name_what_was_sent(populated) -> None:
    dataset, _, _ = populated
    for beside, name in [({"query_file_name": "car"}, "QueryFileName"), ({"top_k": 5}, "TopK"),
                         ({"dataset_file_meta_ids": ["x"]}, "DatasetFileMetaIds")]:
        error = pai_refuses(lambda: dataset.list(query_expression="ALL", **beside), 400)
        assert name in error.message, error.message


@pytest.mark.parametrize("wrong", [
    {"query_type": "FUZZY"}, {"sort_by": "FileName"}, {"order": "UP"}, {"status": "GONE"}, {"top_k": 0},
    {"top_k": 5001}, {"top_k": -1}, {"thumbnail_mode": "w_0"}, {"thumbnail_mode": "big"},
    {"start_file_update_time": "yesterday"}, {"end_tag_update_time": "2025-02-30T00:00:00Z"},
], ids=str)
def test_wrong_values(populated, wrong: dict) -> None:
    dataset, _, _ = populated
    pai_refuses(lambda: dataset.list(**wrong), 400, "InvalidParameter")


@pytest.mark.parametrize("target, code", [
    ("DatasetVersion=v1&WorkspaceId=105173&MaxResults=5&MaxResults=5", "InvalidParameter"),
    ("DatasetVersion=v1&WorkspaceId=105173&WorkspaceId=105173", "InvalidParameter"),
    ("DatasetVersion=v1&WorkspaceId=105173&Colour=red", "InvalidParameter"),
    ("DatasetVersion=v1&WorkspaceId=105173&MaxResults=ten", "InvalidParameter"),
    ("DatasetVersion=v1&WorkspaceId=105173&ScoreThreshold=NaN&QueryText=a", "InvalidParameter"),
    ("WorkspaceId=105173", "MissingParameter"),
    ("DatasetVersion=v1", "MissingParameter"),
])
def test_what_the_client_never_sends(shared, populated, target: str, code: str) -> None:
    dataset, _, _ = populated
    answer = exchange(shared.address, request_bytes("GET", f"/api/v1/datasets/{dataset.id}/datasetfilemetas?{target}"))
    assert (answer.status, answer.json()["Code"]) == (400, code), answer.body


# ---------------------------------------------------------------------------------------------- meaning


PICTURES = ["a red car in the snow", "a fallen water horse", "children playing on a beach", "a red car at night",
            "a cat asleep on a sofa", "an old stone castle", "two dogs running in a park", "a plate of noodles"]


def kind_of(file) -> int:
    return int(file.uri.rpartition("/")[2][:-4]) % 8


@pytest.fixture(scope="module")
def meaning(shared) -> Dataset:
    """Forty captioned files with vectors; `kind_of` tells which caption one has."""
    dataset = Dataset.like(shared.endpoint, "meaning")
    dataset.create_all(*({
        "uri": f"oss://bucket/p/{number}.jpg", "file_type": "image" if number % 2 else "video",
        "content_type": "image/jpeg", "file_finger_print": str(number), "tags": user_tags(f"t{number % 3}"),
        "file_update_time": f"2025-01-01T00:00:{number:02d}Z",
        "comment": f"{PICTURES[number % 8]}, number {number}"} for number in range(40)))
    dataset.index()
    return dataset


def test_files_know_their_index_job(meaning: Dataset) -> None:
    for file in meaning.walk():
        assert file.semantic_index_job_id and file.semantic_index_update_time and file.score is None
    assert len(meaning.uris(query_expression="HAS SemanticIndexJobId")) == 40


def test_vector_search_ranks_by_score(meaning: Dataset) -> None:
    files = meaning.walk(query_type="VECTOR", query_text="a red car", top_k=20)
    scores = [file.score for file in files]
    assert len(files) == 20 and scores == sorted(scores, reverse=True) and all(-1 <= s <= 1 for s in scores)
    cut = (scores[4] + scores[5]) / 2
    above = meaning.walk(query_type="VECTOR", query_text="a red car", score_threshold=cut)
    assert [file.uri for file in above] == [file.uri for file in files[:5]]
    assert all(file.score > cut for file in above)
    assert meaning.uris(query_type="VECTOR", query_text="a red car", score_threshold=scores[0]) == []
    assert "red car" in PICTURES[kind_of(files[0])]


def test_vector_search_ignores_tags_and_keeps_other_filters(meaning: Dataset) -> None:
    plain = meaning.uris(query_type="VECTOR", query_text="a cat", top_k=40)
    assert meaning.uris(query_type="VECTOR", query_text="a cat", top_k=40, query_tags_include_all=["t1"]) == plain
    only = meaning.uris(query_type="VECTOR", query_text="a cat", top_k=40, query_file_type_include_any=["image"])
    assert len(only) == 20 and only == [uri for uri in plain if uri in set(only)]


def test_mix_ranks_words_and_meaning(meaning: Dataset) -> None:
    for size in (3, 100):
        files = meaning.walk(query_text="fallen water horse", top_k=15, max_results=size)
        assert len(files) == 15
        assert {kind_of(file) for file in files[:5]} == {1}
        assert all(file.score is not None for file in files)
        scores = [file.score for file in files[:5]]
        assert min(scores) > max(file.score for file in files[5:])
    tagged = meaning.walk(query_text="fallen water horse", query_tags_include_any=["t1"])
    assert {file.tags for file in tagged} == {'{"ai":[],"user":["t1"],"user-delete-ai-tags":[]}'}
    newest = meaning.walk(query_text="a red car", top_k=10, sort_by="FileUpdateTime", order="ASC")
    times = [file.file_update_time for file in newest]
    assert times == sorted(times) and len(times) == 10


def test_top_k_bounds(meaning: Dataset) -> None:
    assert len(meaning.uris(query_text="a red car", top_k=1)) == 1
    assert len(meaning.uris(query_text="a red car", top_k=5000)) == 40
    assert len(meaning.uris(query_text="a red car")) == 40
    page = meaning.list(query_text="a red car", top_k=7, max_results=5)
    assert (page.total_count, len(page.dataset_file_metas)) == (7, 5)


@pytest.mark.parametrize("kind", ["query_image", "query_video"])
def test_more_like_a_file(meaning: Dataset, kind: str) -> None:
    files = meaning.walk(query_type="VECTOR", top_k=6, **{kind: "oss://bucket/p/1.jpg"})
    assert files[0].uri == "oss://bucket/p/1.jpg" and files[0].score == pytest.approx(1, abs=1e-3)
    assert {kind_of(file) for file in files[:5]} == {1}
    error = pai_refuses(lambda: meaning.list(query_type="VECTOR", **{kind: "oss://bucket/none.jpg"}), None)
    assert error.status_code in (400, 404) and error.code in ("InvalidParameter", "DatasetFileMetaNotFound"), error


@pytest.mark.parametrize("alone", [{"top_k": 3}, {"score_threshold": 0.5}, {"top_k": 3, "query_text": ""}], ids=str)
def test_what_belongs_to_a_search_is_ignored_without_one(meaning: Dataset, alone: dict) -> None:
    """MIX without a text is plain filtering, and a parameter that is not valid there is ignored."""
    assert meaning.uris(**alone) == meaning.uris()


def test_mix_without_vectors_finds_words(dataset: Dataset) -> None:
    dataset.create_all(*({"uri": f"oss://b/{i}.jpg", "file_type": "image", "content_type": "image/jpeg",
                          "file_finger_print": "x", "file_update_time": "2025-01-01T00:00Z",
                          "comment": "a red car" if i % 2 else "a castle"} for i in range(6)))
    files = dataset.walk(query_text="red car")
    assert sorted(file.uri for file in files) == ["oss://b/1.jpg", "oss://b/3.jpg", "oss://b/5.jpg"]
    assert {file.score for file in files} == {None}, "a hit by words alone has no similarity"


def test_meaning_inside_an_expression(meaning: Dataset) -> None:
    text = "Content:'a red car' AND QueryType = 'VECTOR' AND TopK = 6 AND FileType = 'image'"
    files = meaning.walk(query_expression=text)
    same = meaning.walk(query_type="VECTOR", query_text="a red car", top_k=6, query_file_type_include_any=["image"])
    assert [file.uri for file in files] == [file.uri for file in same] and len(files) == 6
