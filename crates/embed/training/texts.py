"""The texts the model is made from. Every source is a function that returns a list of texts, always
the same for the same input; none of them reads SciFact."""

import functools
import importlib.metadata
import io
import json
import pathlib
import random
import re
import sqlite3
import subprocess
import tempfile

import numpy as np
import zstandard

# The newest of each ontology in the package, and how many of its terms to take at most.
ONTOLOGIES = {
    "cell_ontology": ("CL-ontology-v2026-03-26", 10_000),
    "mondo": ("MONDO-ontology-v2026-05-05", 50_000),
    "uberon": ("UBERON-ontology-v2026-04-01", 50_000),
    "chebi": ("CHEBI-ontology-2026-05-01", 12_000),
}


def sample(texts, count, seed=1):
    """At most `count` of the distinct texts, in an order that depends on the seed alone."""
    distinct = sorted({" ".join(text.split()) for text in texts} - {""})
    random.Random(seed).shuffle(distinct)
    return distinct[:count]


def unpack(path):
    """The bytes of a .zst file , however large its window."""
    with open(path, "rb") as packed:
        return zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(packed).read()


def captions(folder):
    """The distinct captions of the records and the vectors the teacher gave them."""
    vectors = np.load(io.BytesIO(unpack(folder / "files_emb_i8.npy.zst")))
    scales = np.load(io.BytesIO(unpack(folder / "files_emb_scale_f32.npy.zst")))
    rows, texts = [], {}
    for line in unpack(folder / "files.jsonl.zst").decode().splitlines():
        record = json.loads(line)
        parts = [record.get("caption"), record.get("description")]
        text = ". ".join(part for part in parts if part)
        if scales[record["id"]] > 0 and text not in texts:
            texts[text] = len(rows)
            rows.append(record["id"])
    chosen = vectors[rows].astype(np.float32) * scales[rows][:, None]
    return list(texts), chosen


def wordnet(folder=pathlib.Path("/usr/share/wordnet")):
    """`word, word: gloss` for every entry of WordNet, and each example sentence by itself."""
    texts = []
    for part in ["noun", "verb", "adj", "adv"]:
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                continue
            fields, gloss = line.split(" | ", 1)
            fields = fields.split(" ")
            words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
            texts.append(f"{', '.join(words)}: {gloss.strip()}")
            texts += [quote for quote in re.findall(r'"([^"]{25,})"', gloss)]
    return sample(texts, 200_000)


def debian_package_file(package, inside):
    """The bytes of one file of a Debian package, installed or not."""
    installed = pathlib.Path("/") / inside
    if installed.is_file():
        return installed.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        archive = next(pathlib.Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        return (pathlib.Path(folder) / inside).read_bytes()


def gene_ontology():
    """`term: definition` for the Gene Ontology, which Debian's r-bioc-go.db carries."""
    inside = "usr/lib/R/site-library/GO.db/extdata/GO.sqlite"
    with tempfile.NamedTemporaryFile(suffix=".sqlite") as file:
        file.write(debian_package_file("r-bioc-go.db", inside))
        file.flush()
        rows = sqlite3.connect(file.name).execute("SELECT term, definition FROM go_term").fetchall()
    return sample([f"{term}: {text}" for term, text in rows if text], 50_000)


def ontology(version, count):
    """`term: description` for cells, diseases, anatomy or chemicals."""
    file = f"cellxgene_ontology_guide/data/{version}.json.zst"
    place = importlib.metadata.distribution("cellxgene-ontology-guide").locate_file(file)
    terms = json.loads(unpack(place)).values()
    described = [term for term in terms if term.get("description") and not term["deprecated"]]
    return sample([f"{term['label']}: {term['description']}" for term in described], count)


def debian_packages():
    """The descriptions of Debian's packages: the summary, then the text. `apt-get update` must have
    fetched them: `apt-get -o Acquire::Languages=en update`."""
    ask = ["apt-get", "-o", "Acquire::Languages=en", "indextargets", "--format", "$(FILENAME)"]
    found = subprocess.run([*ask, "Created-By: Translations"], capture_output=True, check=True)
    texts = []
    for file in found.stdout.decode().split():
        listing = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", file], capture_output=True)
        pattern = r"^Description-en: (.*(?:\n .*)*)"
        for text in re.findall(pattern, listing.stdout.decode(errors="replace"), re.MULTILINE):
            summary, *rest = text.split("\n")
            lines = ["" if line == " ." else line.strip() for line in rest]
            texts.append(summary + ". " + " ".join(lines))
    return sample(texts, 14_000)


SOURCES = {
    "debian_packages": debian_packages,
    "gene_ontology": gene_ontology,
    "wordnet": wordnet,
    **{name: functools.partial(ontology, *of) for name, of in ONTOLOGIES.items()},
}
