"""Makes the text model of filedex-embed and says what each step reaches on SciFact.

    python make_model.py --captions FOLDER --scifact FOLDER --work FOLDER [--output FOLDER]

README.md says what the folders hold and what has to be installed."""

import argparse
import hashlib
import json
import pathlib
import shutil

import numpy as np
import torch
from safetensors.numpy import save_file

import distil
import pooling
import teacher
import texts
from scifact import SciFact

DIMENSION = 256
# The teacher reads its tokens between [CLS] and [SEP].
READ_BY_TEACHER = teacher.MAX_TOKENS - 2


def quantised(table):
    """Signed bytes and a scale for each row."""
    scales = np.abs(table).max(1) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    rows = np.clip(np.rint(table / scales[:, None]), -127, 127).astype(np.int8)
    return rows, scales


def gathered(arguments, model):
    """All token lists with the teacher's vectors of their texts."""
    rows, targets = [], []
    sources = {name: (source, None) for name, source in texts.SOURCES.items()}
    captions, vectors = texts.captions(arguments.captions)
    sources["captions"] = (lambda: captions, vectors)
    for name in sorted(sources):
        source, vectors = sources[name]
        found = source()
        targets.append(model.embed(name, found) if vectors is None else vectors)
        rows += pooling.tokens(model.tokenizer, found, READ_BY_TEACHER)
        digest = hashlib.sha256("\n".join(found).encode()).hexdigest()
        print(f"{name}: {len(found)} texts, sha256 {digest}", flush=True)
    return distil.Texts(rows, np.concatenate(targets))


def write(folder, rows, scales):
    """The model as a Model2Vec folder, but for tokenizer.json: vocab.txt says the same."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"embeddings": rows, "weights": scales}, folder / "model.safetensors")
    shutil.copyfile(teacher.folder() / "vocab.txt", folder / "vocab.txt")
    config = {
        "model_type": "model2vec",
        "hidden_dim": DIMENSION,
        "normalize": True,
        "max_length": pooling.MAX_TOKENS,
        "embedding_dtype": "int8",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=4) + "\n")
    for name in ["model.safetensors", "vocab.txt", "config.json"]:
        (folder / name).chmod(0o644)
        content = (folder / name).read_bytes()
        print(f"{name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--captions", type=pathlib.Path, required=True)
    parser.add_argument("--scifact", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, default=here.parent / "model")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(arguments.threads)

    model = teacher.Teacher(arguments.work, threads=arguments.threads)
    measure = SciFact(arguments.scifact, model.tokenizer)

    def show(figures):
        return ", ".join(f"{split} {figure:.4f}" for split, figure in figures.items())

    def reached(table):
        return f"nDCG@10 {show(measure.of_table(table))}"

    print(f"the teacher: nDCG@10 {show(measure.teacher())}", flush=True)
    single = model.embed_single_tokens(pooling.TOKENS)
    table = distil.first_table(single)
    print(f"1, single tokens, centred, by Zipf's law: {reached(table)}", flush=True)

    found = gathered(arguments, model)
    print(f"2, distilled on {len(found.lengths)} texts:", flush=True)
    table = distil.fit(table, found, each=reached, **distil.WIDE)
    print(f"2 ended: {reached(table)}", flush=True)

    turn = distil.principal(found.pooled(table), DIMENSION)
    table = table @ turn
    print(f"3, the first {DIMENSION} principal directions: {reached(table)}", flush=True)
    aligned = distil.turned(found.targets, turn)
    table = distil.fit(table, found, each=reached, aims=aligned, **distil.NARROW)
    print(f"4, distilled on in {DIMENSION} dimensions: {reached(table)}", flush=True)

    rows, scales = quantised(table)
    print(f"5, signed bytes: {reached(rows * scales[:, None])}", flush=True)
    write(arguments.output, rows, scales)


if __name__ == "__main__":
    main()
