"""Exports, read by the programs that people read them with, and imports of what those write."""

import json
import os
import pathlib
import subprocess

import pytest
from PIL import Image

FILEDEX = os.environ["FILEDEX_BINARY"]
COUNT = 24
DIMENSION = 8


def filedex(folder, *args):
    """Runs the program; answers what it printed."""
    done = subprocess.run([FILEDEX, *map(str, args)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def lines(folder, database="a.filedex", *args):
    """The records as JSON Lines have them, by URI."""
    text = filedex(folder, "export", database, *args)
    return {line["uri"]: line for line in map(json.loads, text.splitlines())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A database of pictures with captions, tags of all kinds, attributes of all types and vectors."""
    folder = tmp_path_factory.mktemp("formats")
    (folder / "pictures").mkdir()
    with open(folder / "in.jsonl", "w") as out:
        for n in range(COUNT):
            path = folder / "pictures" / f"bild {n}.png"
            Image.new("RGB", (40 + n, 30), (n * 10, 0, 0)).save(path)
            kind = ["dog", "cat", "größe"][n % 3]
            line = {
                "uri": f"file://{path}",
                "data_size": path.stat().st_size,
                "caption": f'Number {n}, a "{kind}"\nin two lines',
                "tags_user": [kind, "a, b; c"],
                "tags_ai": {"detector": [kind], "colours": []},
                "file_create_time": f"{1900 + n}-02-03T04:05:06.789Z",
                "starred": n % 2 == 0,
                "attributes": {
                    "width": 40 + n, "height": 30, "ratio": n / 7, "name": f"n{n}",
                    "flag": n % 2 == 1, "artists": ["A", "B"][: n % 3],
                    "mixed": n if n % 2 else str(n), "price": n if n % 2 else n + 0.5,
                    "objects": [{"category": kind, "bbox": [1.5, 2.0, 10.0, 20.0]}],
                },
            }
            if n % 5:
                line["embedding"] = [n, 0.1, -1.5] + [0.25] * (DIMENSION - 3)
            out.write(json.dumps(line) + "\n")
    filedex(folder, "import", "a.filedex", "in.jsonl", "--space", "shapes", "--model-id", "m")
    return folder


def test_parquet_and_arrow_by_pyarrow_and_pandas(folder):
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet as pq

    for name, read in [("a.parquet", pq.read_table), ("a.arrow", pyarrow.feather.read_table)]:
        filedex(folder, "export", "a.filedex", "--embeddings", "-o", name)
        table = read(folder / name)
        kinds = {field.name: field.type for field in table.schema}
        assert kinds["embeddings.shapes"] == pa.list_(pa.float32(), DIMENSION)
        assert kinds["file_create_time"] == pa.timestamp("ms", tz="UTC")
        assert kinds["attributes.width"] == pa.int64()
        assert kinds["attributes.price"] == pa.float64()
        assert kinds["attributes.flag"] == pa.bool_()
        assert kinds["tags_user"] == pa.list_(pa.string())
        want = lines(folder, "a.filedex", "--embeddings")
        rows = table.to_pylist()
        assert len(rows) == len(want) == COUNT
        for row in rows:
            line = want[row["uri"]]
            attributes = line["attributes"]
            assert row["comment"] == line["comment"]
            assert row["data_size"] == line["data_size"]
            assert row["tags_user"] == line["tags_user"]
            assert {job["job"]: job["tags"] for job in row["tags_ai"]} == line["tags_ai"]
            stamp = row["file_create_time"].isoformat(timespec="milliseconds")
            assert stamp.replace("+00:00", "Z") == line["file_create_time"]
            for key in ["width", "ratio", "name", "flag", "price"]:
                assert row[f"attributes.{key}"] == attributes[key], key
            assert row["attributes.artists"] == attributes["artists"]
            for key in ["mixed", "objects"]:
                assert json.loads(row[f"attributes.{key}"]) == attributes[key]
            vector = line.get("embeddings", {}).get("shapes")
            if vector is not None:
                vector = pa.array(vector, pa.float32()).to_pylist()
            assert row["embeddings.shapes"] == vector
        frame = table.to_pandas()
        assert frame["attributes.width"].sum() == sum(40 + n for n in range(COUNT))
    written = pq.ParquetFile(folder / "a.parquet").metadata.row_group(0).column(0)
    assert written.compression == "ZSTD"


def test_parquet_by_duckdb(folder):
    import duckdb

    filedex(folder, "export", "a.filedex", "--embeddings", "-o", "duck.parquet")
    table = f"'{folder / 'duck.parquet'}'"
    want = lines(folder)
    rows = duckdb.sql(
        'SELECT uri, comment, data_size, tags_user, starred, "attributes.width", '
        'epoch_ms(file_create_time), "attributes.ratio", '
        "json_extract(\"attributes.objects\", '$[0].bbox[0]')::DOUBLE, tags_ai[1].job "
        f"FROM {table} ORDER BY \"attributes.width\""
    ).fetchall()
    assert len(rows) == COUNT
    for uri, comment, size, tags, starred, width, millis, ratio, left, job in rows:
        line = want[uri]
        assert (comment, size, tags) == (line["comment"], line["data_size"], line["tags_user"])
        assert bool(starred) == line.get("starred", False)
        assert (width, ratio) == (line["attributes"]["width"], line["attributes"]["ratio"])
        assert millis % 1000 == 789 and left == 1.5 and job in line["tags_ai"]
    near = duckdb.sql(
        f'SELECT "attributes.name" FROM {table} WHERE "embeddings.shapes" IS NOT NULL ORDER BY '
        'array_distance("embeddings.shapes"::FLOAT[8], '
        "[9, 0.1, -1.5, .25, .25, .25, .25, .25]::FLOAT[8]) LIMIT 1"
    ).fetchall()
    assert near == [("n9",)]


def test_parquet_by_lance(folder):
    lance = pytest.importorskip("lance")
    import pyarrow.parquet as pq

    args = ["--map", "uri=uri", "--map", "vector=embeddings.shapes", "--map", "text=comment"]
    filedex(folder, "export", "a.filedex", "--embeddings", "-o", "lance.parquet", *args)
    table = pq.read_table(folder / "lance.parquet")
    assert table.column_names == ["uri", "vector", "text"]
    dataset = lance.write_dataset(table, folder / "a.lance")
    query = {"column": "vector", "q": [9.0, 0.1, -1.5] + [0.25] * 5, "k": 1}
    found = dataset.to_table(nearest=query).to_pylist()
    assert found[0]["text"].startswith("Number 9,")


def test_imagefolder_by_datasets(folder):
    import datasets

    filedex(
        folder, "export", "a.filedex", "--format", "imagefolder", "--files", "link", "-o", "hf",
        "--split", "train=0.75,validation=0.25", "--seed", 3, "--stratify", "Tags.ai",
        "--map", "text=comment", "--map", "uri=uri", "--map", "width=Attributes.width",
        "--map", "tags=tags",
    )  # fmt: skip
    loaded = datasets.load_dataset("imagefolder", data_dir=str(folder / "hf"))
    assert {part: len(rows) for part, rows in loaded.items()} == {"train": 18, "validation": 6}
    want = lines(folder)
    for rows in loaded.values():
        for row in rows:
            line = want[row["uri"]]
            assert row["image"].size == (line["attributes"]["width"], 30)
            assert (row["text"], row["width"]) == (line["comment"], row["image"].size[0])
            assert "a, b; c" in row["tags"]
    # With every column, and without parts.
    filedex(folder, "export", "a.filedex", "--format", "imagefolder", "--files", "copy", "-o", "all")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(folder / "all"), split="train")
    assert len(loaded) == COUNT and loaded.features["attributes.ratio"].dtype == "float64"


def test_coco_by_pycocotools(folder):
    from pycocotools.coco import COCO

    filedex(folder, "export", "a.filedex", "--format", "coco", "--files", "copy", "-o", "coco")
    notes = folder / "coco" / "annotations"
    captions, instances = COCO(notes / "captions_all.json"), COCO(notes / "instances_all.json")
    want = {line["file_name"]: line for line in lines(folder).values()}
    assert len(captions.imgs) == len(instances.imgs) == COUNT
    assert {c["name"] for c in instances.loadCats(instances.getCatIds())} == {"dog", "cat", "größe"}
    for image in instances.loadImgs(instances.getImgIds()):
        line = want[image["file_name"]]
        with Image.open(folder / "coco" / "all" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])
        said = captions.loadAnns(captions.getAnnIds(imgIds=image["id"]))
        assert [note["caption"] for note in said] == [line["comment"]]
        (note,) = instances.loadAnns(instances.getAnnIds(imgIds=image["id"]))
        assert (note["bbox"], note["area"]) == ([1.5, 2.0, 10.0, 20.0], 200.0)
        (category,) = instances.loadCats([note["category_id"]])
        assert category["name"] == line["attributes"]["objects"][0]["category"]
    dogs = instances.getImgIds(catIds=instances.getCatIds(catNms=["dog"]))
    assert len(dogs) == COUNT / 3


def test_tables_of_others_are_imported(folder):
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet as pq

    frame = pd.DataFrame(
        {
            "url": [f"https://there/{n}.jpg" for n in range(3)],
            "caption": ["one", None, "three"],
            "kind": pd.Categorical(["a", "b", "a"]),
            "width": np.array([1, 2, 3], dtype="uint16"),
            "score": np.array([0.5, np.nan, 2], dtype="float32"),
            "taken": pd.to_datetime(["2025-01-02T03:04:05.678901", None, "1969-12-31T23:59:59.5"]),
            "day": [pd.Timestamp("2025-01-02").date()] * 3,
            "labels": [["x", "y"], [], None],
            "vec": [np.array([n, 0.5], dtype="float64") for n in range(3)],
            "nested": [{"a": {"b": n}} for n in range(3)],
            "raw": [b"\x00\xff"] * 3,
        }
    )
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, folder / "pandas.parquet", compression="snappy")
    pyarrow.feather.write_feather(table, folder / "pandas.feather", compression="lz4")
    with pa.ipc.new_stream(folder / "pandas.arrows", table.schema) as out:
        out.write_table(table)
    found = []
    for number, name in enumerate(["pandas.parquet", "pandas.feather", "pandas.arrows"]):
        args = ["--map", "vec=embedding", "--map", "taken=file_create_time"]
        args += ["--space", "s", "--model-id", "m"]
        filedex(folder, "import", f"p{number}.filedex", name, *args)
        found.append(lines(folder, f"p{number}.filedex", "--embeddings"))
    assert found[0] == found[1] == found[2]
    first = found[0]["https://there/0.jpg"]
    assert first["comment"] == "one" and first["labels"] == ["x", "y"]
    assert first["file_create_time"] == "2025-01-02T03:04:05.678Z"
    assert first["attributes"] == {
        "kind": "a", "width": 1, "score": 0.5, "day": "2025-01-02", "nested": {"a": {"b": 0}},
    }  # fmt: skip
    assert len(first["embeddings"]["s"]) == 2
    last = found[0]["https://there/2.jpg"]
    assert last["file_create_time"] == "1969-12-31T23:59:59.500Z"
    shown = json.loads(filedex(folder, "import", "x.filedex", "pandas.parquet", "--dry-run", "--json"))
    kinds = {column["column"]: column["property"] for column in shown["columns"]}
    assert kinds["url"] == "uri" and kinds["caption"] == "comment" and kinds["raw"] is None
    assert not pathlib.Path(folder / "x.filedex").exists()


def test_csv_by_pandas_and_back(folder):
    import pandas as pd

    filedex(folder, "export", "a.filedex", "-o", "a.csv")
    frame = pd.read_csv(folder / "a.csv")
    want = lines(folder)
    assert len(frame) == COUNT
    for row in frame.to_dict("records"):
        line = want[row["uri"]]
        assert row["comment"] == line["comment"]
        assert row["attributes.width"] == line["attributes"]["width"]
        assert row["attributes.ratio"] == line["attributes"]["ratio"]
        assert row["file_create_time"] == line["file_create_time"]
