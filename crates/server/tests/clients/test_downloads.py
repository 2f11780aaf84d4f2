"""DownloadUrl and ThumbnailUrl of files below --files-root."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
import requests

import clients
from clients import Dataset

WIDTH, HEIGHT = 400, 200


def png(width: int, height: int) -> bytes:
    """A picture whose left half is red, and whose right half is blue."""
    row = b"\0" + b"\xff\0\0" * (width // 2) + b"\0\0\xff" * (width - width // 2)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
             (b"IDAT", zlib.compress(row * height)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts)


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        assert picture.endswith(b"IEND\xaeB`\x82"), "cut short"
        return struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\xff\xd8") and picture.endswith(b"\xff\xd9"), picture[:20]
    frame = re.search(rb"\xff[\xc0-\xc2]\0\x11\x08(....)", picture, re.DOTALL)
    height, width = struct.unpack(">HH", frame[1])
    return width, height


@pytest.fixture
def pictures(dataset: Dataset, files_root: Path) -> Dataset:
    """A picture with an awkward name and a text below the root, one file outside, one elsewhere."""
    folder = files_root / dataset.id
    folder.mkdir()
    (folder / "a b%20+ü.png").write_bytes(png(WIDTH, HEIGHT))
    (folder / "a.txt").write_bytes(b"0123456789" * 100)
    outside = files_root.parent / f"{dataset.id}.txt"
    outside.write_text("secret")
    (folder / "link.txt").symlink_to(outside)
    base = {"file_finger_print": "x", "file_update_time": "2025-01-12T14:36Z"}
    image = base | {"file_type": "image", "content_type": "image/png"}
    text = base | {"file_type": "text", "content_type": "text/plain"}
    dataset.create_all(
        image | {"uri": f"file://{folder}/a b%20+ü.png"}, text | {"uri": f"file://{folder}/a.txt"},
        text | {"uri": f"file://{outside}"}, text | {"uri": f"file://{folder}/../{dataset.id}.txt"},
        text | {"uri": f"file://{folder}/link.txt"}, text | {"uri": f"file://{folder}/absent.txt"},
        image | {"uri": "oss://bucket/a.png"}, image | {"uri": "nas://fs/a.png"})
    return dataset


def url_of(dataset: Dataset, end: str, kind: str = "download_url", **parameters) -> str | None:
    return next(getattr(f, kind) for f in dataset.walk(**parameters) if f.uri.endswith(end))


def test_download(pictures: Dataset, files_root: Path) -> None:
    url = url_of(pictures, "ü.png")
    answer = requests.get(url)
    assert (answer.status_code, answer.content) == (200, png(WIDTH, HEIGHT))
    assert answer.headers["content-type"] == "image/png"
    head = requests.head(url)
    assert head.status_code == 200 and int(head.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("asked, status, part", [
    ("bytes=0-4", 206, slice(0, 5)), ("bytes=995-", 206, slice(995, 1000)), ("bytes=-3", 206, slice(997, 1000)),
    ("bytes=990-2000", 206, slice(990, 1000)), ("bytes=1000-", 416, None),
])
def test_ranges(pictures: Dataset, asked: str, status: int, part: slice | None) -> None:
    answer = requests.get(url_of(pictures, "/a.txt"), headers={"range": asked})
    assert answer.status_code == status
    if part:
        assert answer.content == (b"0123456789" * 100)[part]
        assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/1000"


@pytest.mark.parametrize("mode, size", [
    ("p_50", (200, 100)), ("w_100", (100, 50)), ("h_50", (100, 50)), ("m_pad,w_80,h_80", (80, 80)),
    ("m_pad,w_80,h_80,color_FF0000", (80, 80)), ("m_fill,w_60,h_90", (60, 90)), ("m_fixed,w_33,h_44", (33, 44)),
])
def test_thumbnails(pictures: Dataset, mode: str, size: tuple[int, int]) -> None:
    answer = requests.get(url_of(pictures, "ü.png", "thumbnail_url", thumbnail_mode=mode))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("image/")
    assert size_of(answer.content) == size
    inside = f"FileType = 'image' AND ThumbnailMode = '{mode}'"
    again = requests.get(url_of(pictures, "ü.png", "thumbnail_url", query_expression=inside))
    assert again.content == answer.content


def test_who_has_none(pictures: Dataset) -> None:
    for file in pictures.walk(thumbnail_mode="w_100"):
        below = re.search(r"d-[^/]*/(a b%20\+ü\.png|a\.txt|absent\.txt)$", file.uri)
        if not below:
            if file.download_url:  # A way out of the root must at the latest be refused here.
                assert requests.get(file.download_url).status_code in (403, 404), file.uri
            assert not file.thumbnail_url, file.uri
        elif file.uri.endswith("absent.txt"):
            assert not file.download_url or requests.get(file.download_url).status_code == 404
        else:
            assert file.download_url
    assert not any(file.thumbnail_url for file in pictures.walk() if not file.uri.startswith("file:"))


def test_addresses_behind_a_proxy(serve, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    server = serve("--files-root", tmp_path, "--public-url", "https://files.example/base")
    dataset = Dataset.make(clients.pai(server.endpoint), "proxied")
    dataset.create_all({"uri": f"file://{tmp_path}/a.txt", "file_type": "text", "content_type": "text/plain",
                        "file_finger_print": "x", "file_update_time": "2025-01-12T14:36Z"})
    url = url_of(dataset, "a.txt")
    assert url.startswith("https://files.example/base/files/")
    assert requests.get(url.replace("https://files.example/base", server.endpoint)).text == "text"


def test_addresses_cannot_be_bent(pictures: Dataset) -> None:
    url = url_of(pictures, "/a.txt")
    address, _, query = url.partition("?")
    assert query, "a signature"
    name, _, value = query.rpartition("=")
    other = url_of(pictures, "ü.png").partition("?")[0]
    assert requests.get(address).status_code in (401, 403)
    bent = value[:-2] + ("00" if value[-2:] != "00" else "11")
    assert requests.get(f"{address}?{name}={bent}").status_code in (400, 401, 403)
    assert requests.get(f"{other}?{query}").status_code in (401, 403)
