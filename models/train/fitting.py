"""Fits the trees, chooses among few settings by cross-validation over time, and calibrates."""

import lightgbm as lgb
import numpy as np

from dataset import FEATURES, RISING, mirrored

SEED = 20240808
BLOCKS = 5
EMBARGO_MS = 10_000  # the longest window of an input
LEARNING_RATE = 0.05
ROUNDS = [40, 60, 80, 100]
LEAVES = [4, 8]
INPUT_SETS = {
    "imbalances": ["imb_1", "imb_5", "imb_20", "imb_exp_10"],
    "imbalances and trades": ["imb_1", "imb_5", "imb_20", "imb_exp_10", "trade_run", "hawkes_imb"],
    "all candidates": FEATURES,
}


class Sample:
    """Training rows of several books, each book with the same total weight."""

    def __init__(self, parts):
        self.x = np.concatenate([part.x for part in parts])
        self.y = np.concatenate([part.y for part in parts])
        self.cts = np.concatenate([part.cts for part in parts])
        self.run = np.concatenate([1_000_000 * i + part.run for i, part in enumerate(parts)])
        self.move_bps = np.concatenate([part.move_bps for part in parts])
        scaled = [part.weight / part.weight.sum() for part in parts]
        self.weight = 1e4 * np.concatenate(scaled)


def columns_of(names):
    return [FEATURES.index(name) for name in names]


def fit(x, y, weight, names, leaves, rounds):
    """Every row is learned twice, once with bid and ask exchanged: both sides obey one rule."""
    columns = columns_of(names)
    both = np.concatenate([x, mirrored(x)])[:, columns]
    data = lgb.Dataset(both, np.r_[y, 1 - y], weight=np.r_[weight, weight])
    settings = {
        "objective": "binary",
        "learning_rate": LEARNING_RATE,
        "num_leaves": leaves,
        "max_depth": 6,
        "min_data_in_leaf": 500,
        "lambda_l2": 10.0,
        "monotone_constraints": [int(name in RISING) for name in names],
        "boost_from_average": False,
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    return lgb.train(settings, data, rounds)


def out_of_fold(sample, names, leaves):
    """Raw scores by models that saw nothing within EMBARGO_MS of the block of time they score."""
    first, last = sample.cts.min(), sample.cts.max() + 1
    edges = first + (last - first) * np.arange(BLOCKS + 1) / BLOCKS
    scores = {rounds: np.zeros(len(sample.y)) for rounds in ROUNDS}
    for low, high in zip(edges[:-1], edges[1:]):
        train = (sample.cts < low - EMBARGO_MS) | (sample.cts >= high + EMBARGO_MS)
        held = (sample.cts >= low) & (sample.cts < high)
        weight = sample.weight[train]
        booster = fit(sample.x[train], sample.y[train], weight, names, leaves, max(ROUNDS))
        inputs = sample.x[held][:, columns_of(names)]
        for rounds in ROUNDS:
            scores[rounds][held] = booster.predict(inputs, num_iteration=rounds, raw_score=True)
    return scores


def weighted_loss(y, raw, weight):
    return float((weight * np.logaddexp(0, np.where(y == 1, -raw, raw))).sum() / weight.sum())


def choose(sample):
    """The setting with the least out-of-fold loss, its raw out-of-fold scores, and all losses."""
    best, losses = None, []
    for label, names in INPUT_SETS.items():
        for leaves in LEAVES:
            for rounds, raw in out_of_fold(sample, names, leaves).items():
                loss = weighted_loss(sample.y, raw, sample.weight)
                losses.append((label, leaves, rounds, loss))
                if best is None or loss < best[0]:
                    best = (loss, names, leaves, rounds, raw)
    return best[1:], losses


def platt(raw, y, weight):
    """The slope of the best sigmoid(slope * raw). No shift: it would favor a side."""
    slope = 1.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-slope * raw))
        gradient = (weight * (y - p) * raw).sum()
        curve = (weight * p * (1 - p) * raw * raw).sum()
        slope += gradient / curve
        if abs(gradient / curve) < 1e-10:
            break
    return float(slope)
