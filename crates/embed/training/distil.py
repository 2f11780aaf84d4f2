"""Fits a table of token vectors to the teacher's vectors of texts."""

import time

import numpy as np
import torch
import torch.nn.functional as F


# The passes in the teacher's dimension, and those after the cut. Chosen by SciFact's training
# queries; its test queries only measure.
WIDE = dict(epochs=3, rate=2e-2, neighbours=0.1)
NARROW = dict(epochs=3, rate=1e-2, neighbours=0.1)
# How sharply the neighbourhood loss looks at the nearest.
SHARPNESS = 20.0


def first_table(of_single_tokens):
    """The teacher's vectors of single tokens, centred, rare ones weighing more: the ids of BERT's
    vocabulary go from frequent to rare, so by Zipf's law a token's id gives its frequency."""
    frequency = 1 / (np.arange(len(of_single_tokens)) + 1) / np.log(len(of_single_tokens))
    weights = 1e-4 / (1e-4 + frequency)
    centred = of_single_tokens - of_single_tokens.mean(0)
    return (centred * weights[:, None]).astype(np.float32)


def principal(pooled, dimension):
    """The directions in which the pooled vectors are longest."""
    _, directions = np.linalg.eigh((pooled.T @ pooled).astype(np.float64))
    return directions[:, ::-1][:, :dimension].astype(np.float32)


class Texts:
    """Token lists in one array, and the vectors they are to have, all on the unit sphere."""

    def __init__(self, rows, targets):
        kept = [at for at, row in enumerate(rows) if row]
        self.lengths = torch.tensor([len(rows[at]) for at in kept])
        self.starts = torch.cumsum(self.lengths, 0) - self.lengths
        self.tokens = torch.from_numpy(np.concatenate([np.array(rows[at]) for at in kept]))
        self.targets = F.normalize(torch.from_numpy(targets[kept]).float(), dim=1)

    def sums(self, table, chosen):
        """The sums of the tokens' vectors of some texts; at unit length they are as the means."""
        lengths = self.lengths[chosen]
        begins = torch.cumsum(lengths, 0) - lengths
        within = torch.arange(int(lengths.sum())) - torch.repeat_interleave(begins, lengths)
        places = within + torch.repeat_interleave(self.starts[chosen], lengths)
        return F.embedding_bag(self.tokens[places], table, begins, mode="sum")

    def pooled(self, table):
        """The unit vectors of all texts."""
        whole = torch.from_numpy(table)
        every = torch.arange(len(self.lengths)).split(8192)
        return torch.cat([F.normalize(self.sums(whole, part), dim=1) for part in every]).numpy()


def neighbourhood(vectors, targets, sharpness):
    """How far texts are from having the neighbours that the targets have: the mean
    Kullback-Leibler divergence of their softmaxed likenesses."""
    self_out = torch.eye(len(vectors)) * -1e4
    logs = [F.log_softmax(sharpness * v @ v.T + self_out, 1) for v in (vectors, targets)]
    return F.kl_div(logs[0], logs[1], log_target=True, reduction="batchmean")


def turned(targets, turn):
    """Targets in the dimensions of a turned and cut table, at unit length."""
    return F.normalize(targets @ torch.from_numpy(turn), dim=1)


def fit(table, texts, epochs, rate, neighbours, aims=None, batch=4096, seed=0, each=None):
    """The table after Adam has lowered 1 - cosine to `aims` (the texts' targets unless given), plus
    `neighbours` times the neighbourhood loss to the targets among a quarter of each batch."""
    aims = texts.targets if aims is None else aims
    table = torch.nn.Parameter(torch.from_numpy(table.copy()))
    optimiser = torch.optim.Adam([table], lr=rate, betas=(0.9, 0.99))
    draw = torch.Generator().manual_seed(seed)
    count = len(texts.lengths)
    steps = epochs * (count // batch)
    slope = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda at: max(0.02, 1 - at / steps))
    begin = time.monotonic()
    for epoch in range(epochs):
        order, losses = torch.randperm(count, generator=draw), []
        for at in range(0, count - batch + 1, batch):
            chosen = order[at : at + batch]
            vectors = F.normalize(texts.sums(table, chosen), dim=1)
            loss = (1 - (vectors * aims[chosen]).sum(1)).mean()
            if neighbours:
                some = batch // 4
                apart = neighbourhood(vectors[:some], texts.targets[chosen[:some]], SHARPNESS)
                loss = loss + neighbours * apart
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            slope.step()
            losses.append(loss.item())
        seconds = time.monotonic() - begin
        print(f"  epoch {epoch + 1}: loss {np.mean(losses):.4f}, {seconds:.0f} s", end="", flush=True)
        print(f", {each(table.detach().numpy())}" if each else "", flush=True)
    return table.detach().numpy()
