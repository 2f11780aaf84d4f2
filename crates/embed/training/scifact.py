"""nDCG@10 on SciFact, to measure with; nothing here is ever trained on."""

import json

import numpy as np

import pooling
import texts


class SciFact:
    """The documents, the queries and which of them belong together."""

    def __init__(self, folder, tokenizer):
        self.folder = folder
        lines = texts.unpack(folder / "corpus.jsonl.zst").decode().splitlines()
        documents = [json.loads(line) for line in lines]
        queries = [json.loads(line) for line in (folder / "queries.jsonl").open()]
        self.document_ids = [document["_id"] for document in documents]
        self.query_ids = [query["_id"] for query in queries]
        whole = [f"{document['title']} {document['text']}" for document in documents]
        self.documents = pooling.matrix(pooling.tokens(tokenizer, whole))
        asked = [query["text"] for query in queries]
        self.queries = pooling.matrix(pooling.tokens(tokenizer, asked))

    def relevant(self, split):
        """The relevant documents of each query of `train` or `test`."""
        found = {}
        for line in (self.folder / "qrels" / f"{split}.tsv").read_text().splitlines()[1:]:
            query, document, score = line.split("\t")
            if int(score) > 0:
                found.setdefault(query, set()).add(document)
        return found

    def of_vectors(self, documents, queries):
        """nDCG@10 of both splits for vectors of the documents and queries."""
        likeness = pooling.unit(queries) @ pooling.unit(documents).T
        best = np.argsort(-likeness, axis=1, kind="stable")[:, :10]
        gains = 1 / np.log2(np.arange(10) + 2)
        means = {}
        for split in ["train", "test"]:
            relevant, scores = self.relevant(split), []
            for query, row in zip(self.query_ids, best):
                if query in relevant:
                    hits = [self.document_ids[at] in relevant[query] for at in row]
                    ideal = gains[: len(relevant[query])].sum()
                    scores.append((gains * hits).sum() / ideal)
            means[split] = float(np.mean(scores))
        return means

    def teacher(self):
        """What the teacher itself reaches, from its vectors beside the texts."""
        names = ["corpus_emb_f16.npy", "queries_emb_f16.npy"]
        return self.of_vectors(*[np.load(self.folder / name).astype(np.float32) for name in names])

    def of_table(self, table):
        """What a table of token vectors reaches."""
        return self.of_vectors(self.documents @ table, self.queries @ table)
