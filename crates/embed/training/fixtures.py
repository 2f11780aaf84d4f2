"""Writes ../tests/static_model/fixtures: what the Python packages `tokenizers` and `model2vec`
answer, for the Rust tests to compare with. Run it again after every change of the model."""

import hashlib
import json
import pathlib
import shutil
import tempfile

import model2vec
import numpy as np
import tokenizers
from safetensors.numpy import save_file

import pooling
import teacher

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent / "model"
OUT = HERE.parent / "tests" / "static_model" / "fixtures"
RECORDS = HERE.parents[2] / "fixtures" / "files.jsonl"

HARD_TEXTS = [
    "",
    " \t\r\n ",
    "Hello, World!",
    "naïve café Ænima straße ÅNGSTRÖM",
    "cafe\u0301 A\u030a combining",
    "İstanbul ıspanak ΣΊΣΥΦΟΣ ς",
    "日本語のテキスト and 汉字 mixed中文text",
    "한국어 문장",
    "हिन्दी में वाक्य",
    "עברית ערבית العربية",
    "emoji 😀 and 👩‍👩‍👧 family",
    "😀",
    "zero\u200bwidth \u00adsoft\u00ad hyphen \ufeffmark",
    "null\u0000byte \ufffd replacement \u0007bell",
    "non\u00a0breaking\u3000spaces\u2028line",
    "don't we'll rock'n'roll",
    "IMG_20231104-123456.JPG /home/user/a.tar.gz C:\\Users\\x",
    "3.14159 1,000,000 €20 50% #tag @name a+b=c $x ^y `z` ~w |v",
    "[CLS] not a mark [SEP] and [MASK] and [UNK] and [PAD] and [unused5]",
    "[mask] [ MASK ]",
    "“curly” ‘quotes’ — dash … ellipsis · dot",
    "a" * 100,
    "a" * 101,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "ﬁ ligature ½ ² ™ №",
    "𝕳𝖊𝖑𝖑𝖔 math letters",
    "x" * 40 + "ß" * 40,
    "\ue000 private \U000e0001 tag",
]


def strings(value):
    """Every string in a JSON value, objects by their sorted keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from strings(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def write_tokens(tokenizer):
    """The ids of the hard texts, and a hash for each record over the ids of all its strings."""

    def ids(texts):
        return [found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False)]

    cases = [{"text": text, "ids": found} for text, found in zip(HARD_TEXTS, ids(HARD_TEXTS))]
    lines = ",\n".join(json.dumps(case) for case in cases)
    (OUT / "hard_texts.json").write_text(f"[\n{lines}\n]\n")
    hashes = []
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        listed = "\n".join(" ".join(map(str, found)) for found in ids(list(strings(json.loads(line)))))
        hashes.append(hashlib.sha256(listed.encode()).hexdigest()[:12] + "\n")
    (OUT / "record_tokens.txt").write_text("".join(hashes))


def of_known_tokens(texts):
    """The known tokens of texts."""
    return pooling.tokens(teacher.tokenizer(), texts)


def write_default_vectors():
    """What `model2vec` makes of the model in this crate."""
    records = [json.loads(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()]
    captions = [record["caption"] for record in records if record.get("caption")]
    texts = captions[:32]
    # Longer than 512 tokens in few letters, and longer than 512 * median letters in few tokens.
    texts += ["a b c d " * 200, "extraordinarily uncharacteristic " * 200, ". ".join(captions[:400])]
    texts += [text for text, ids in zip(HARD_TEXTS, of_known_tokens(HARD_TEXTS)) if ids]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(MODEL, folder, dirs_exist_ok=True)
        teacher.tokenizer().save(f"{folder}/tokenizer.json")
        vectors = model2vec.StaticModel.from_pretrained(folder).encode(texts)
    (OUT / "default_texts.json").write_text(json.dumps(texts, indent=0) + "\n")
    save_file({"vectors": vectors.astype(np.float32)}, OUT / "default_vectors.safetensors")


WORDS = "the a cat dog sat on mat . , river bank sky blue green of stone bridge morning".split()


def word_level():
    vocabulary = {word: at for at, word in enumerate(["[UNK]", *WORDS])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return made


def word_piece():
    pieces = ["[PAD]", "[UNK]", "[CLS]", *WORDS, "##s", "##ing", "##a", "un", "##e"]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.BertNormalizer()
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[PAD]", 0), ("[CLS]", 2))
    made.enable_padding(pad_id=0, pad_token="[PAD]", length=20)
    return made


def unigram():
    pieces = [("<unk>", 0.0), *((word, -2.0 - at / 10) for at, word in enumerate(WORDS))]
    pieces += [(letter, -6.0) for letter in "▁bceghikr"]
    made = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, unk_id=0, byte_fallback=False))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    return made


def byte_pairs():
    letters = {letter: at for at, letter in enumerate("abcdeghiklmnorstuvwy")}
    merges = [("t", "h"), ("th", "e"), ("c", "a"), ("ca", "t"), ("o", "n")]
    for left, right in merges:
        letters.setdefault(left + right, len(letters))
    made = tokenizers.Tokenizer(tokenizers.models.BPE(letters, merges))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return made


def write_small_models():
    """One folder for each way a table is stored and a text is split, with small random weights."""
    random = np.random.default_rng(7)

    def rows(count, dimension):
        return random.normal(size=(count, dimension)).astype(np.float32)

    def sizes(tokenizer):
        return tokenizer.get_vocab_size()

    level, piece, uni, pairs = word_level(), word_piece(), unigram(), byte_pairs()
    weights = np.abs(random.normal(size=sizes(level)))
    mapping = random.integers(0, 6, size=sizes(level))
    bytes_ = np.clip(np.rint(rows(sizes(piece), 12) * 50), -127, 127).astype(np.int8)
    models = {
        "plain-f32": dict(vectors=rows(sizes(piece), 8), tokenizer=piece, normalize=True),
        "not-normalised-f16": dict(vectors=rows(sizes(uni), 6).astype(np.float16), tokenizer=uni),
        "bytes-cut": dict(vectors=bytes_, tokenizer=piece, normalize=True, max_length=4),
        "mapped-weighed": dict(
            vectors=rows(6, 8), tokenizer=level, weights=weights, token_mapping=mapping,
            normalize=True, max_length=None,
        ),
        "mapped-weighed-bytes": dict(
            vectors=bytes_[:6], tokenizer=level, weights=weights.astype(np.float32),
            token_mapping=mapping.astype(np.int32), normalize=True,
        ),
        "no-unknown": dict(vectors=rows(sizes(pairs), 5), tokenizer=pairs, normalize=True),
    }
    texts = [
        "the cat sat on the mat.",
        "A Dog, a cats bridgeing of stone; unknown words",
        "blue sky",
        "the river " * 400,
    ]
    for name, parts in models.items():
        folder = OUT / "model2vec" / name
        made = model2vec.StaticModel(**parts)
        made.save_pretrained(folder)
        for extra in ["README.md", "modules.json"]:
            (folder / extra).unlink(missing_ok=True)
        loaded = model2vec.StaticModel.from_pretrained(folder)
        vectors = [vector.astype(float).tolist() for vector in loaded.encode(texts)]
        expected = {"texts": texts, "vectors": vectors}
        (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_tokens(teacher.tokenizer())
    write_default_vectors()
    write_small_models()
