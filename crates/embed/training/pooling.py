"""Texts as lists of tokens, and as rows of a matrix that pools a table of token vectors."""

import numpy as np
import scipy.sparse

TOKENS = 30_522
UNKNOWN = 100
# As in Model2Vec: this many tokens of a text are read.
MAX_TOKENS = 512


def tokens(tokenizer, texts, limit=MAX_TOKENS):
    """The known tokens of texts."""
    found = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [[token for token in text.ids[:limit] if token != UNKNOWN] for text in found]


def matrix(rows):
    """`matrix(rows) @ table` is the mean of the tokens' vectors for each text."""
    lengths = np.array([len(row) for row in rows])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate([np.array(row, np.int32) for row in rows])
    shares = np.repeat(1 / np.maximum(1, lengths), lengths).astype(np.float32)
    made = scipy.sparse.csr_matrix((shares, columns, starts), shape=(len(rows), TOKENS))
    made.sum_duplicates()
    return made


def unit(vectors):
    """The vectors at unit length."""
    return vectors / np.maximum(1e-12, np.linalg.norm(vectors, axis=1, keepdims=True))
