"""Feature lines of `bookflow features` as arrays, with labels from the mid price that follows."""

import json

import numpy as np

# Candidates for inputs. All are free of price, size and activity scale, so a model of one
# instrument can speak of another.
FEATURES = [
    "imb_1",
    "imb_5",
    "imb_20",
    "imb_exp_10",
    "imb_streak",
    "ofi_norm_10s",
    "mlofi_norm_10_10s",
    "tfi_10s",
    "trade_run",
    "hawkes_imb",
    "bid_convexity_20",
    "ask_convexity_20",
]
# A larger imbalance never means a smaller chance to rise.
RISING = {"imb_1", "imb_5", "imb_20", "imb_exp_10"}
# Bid and ask exchanged: the sign of a directional feature turns, and the two convexities change
# places.
SWAPPED = {"bid_convexity_20": "ask_convexity_20", "ask_convexity_20": "bid_convexity_20"}
MIRROR_INDEX = np.array([FEATURES.index(SWAPPED.get(name, name)) for name in FEATURES])
MIRROR_SIGN = np.array([1.0 if name in SWAPPED else -1.0 for name in FEATURES])


class Book:
    """Rows of one symbol of one recording. `mid` is NaN where the book was not two-sided."""

    def __init__(self, name, symbol, cts, mid, inputs, spread_ticks):
        self.name, self.symbol, self.spread_ticks = name, symbol, spread_ticks
        self.cts, self.mid, self.inputs = cts, mid, inputs
        self.label, self.label_cts, self.move_bps = next_change(cts, mid)
        # Rows of one run share their next change: they are one observation, not many.
        self.run = np.cumsum(np.r_[0, mid[1:] != mid[:-1]])

    def select(self, keep):
        return Rows(self, np.flatnonzero(keep & (self.label >= 0)))


class Rows:
    """Labelled rows of a book. `run` numbers are unique within it."""

    def __init__(self, book, at):
        self.book = book
        self.x = book.inputs[at].astype(np.float32)
        self.y = book.label[at]
        self.run = book.run[at]
        self.cts = book.cts[at]
        self.move_bps = book.move_bps[at]
        _, inverse, counts = np.unique(self.run, return_inverse=True, return_counts=True)
        self.weight = 1 / np.sqrt(counts[inverse]) if len(at) else np.zeros(0)


def load(path, name):
    """Books of a file by symbol. Inputs are float32, as they reach the model in production."""
    rows = {}
    with open(path) as file:
        for line in file:
            row = json.loads(line)
            values = row["features"]
            inputs = [values[name] for name in FEATURES]
            rows.setdefault(row["symbol"], []).append(
                (row["cts"], values["mid_price"], values["spread_ticks"], inputs)
            )
    return {symbol: _book(name, symbol, own) for symbol, own in rows.items()}


def _book(name, symbol, rows):
    cts = np.array([row[0] for row in rows], dtype=np.int64)
    mid = np.array([row[1] for row in rows], dtype=float)  # None becomes NaN
    spread = np.array([row[2] for row in rows], dtype=float)
    inputs = np.array([row[3] for row in rows], dtype=float).astype(np.float32)
    return Book(name, symbol, cts, mid, inputs, spread)


def next_change(cts, mid):
    """Direction of the next change of the mid: 1 up, 0 down, -1 unknown (the book ends or breaks)."""
    label = np.full(len(mid), -1)
    label_cts = np.zeros(len(mid), dtype=np.int64)
    move_bps = np.full(len(mid), np.nan)
    current, current_cts, current_mid = -1, 0, np.nan
    for i in range(len(mid) - 2, -1, -1):
        if np.isnan(mid[i]) or np.isnan(mid[i + 1]):
            current = -1
        elif mid[i + 1] != mid[i]:
            current, current_cts, current_mid = int(mid[i + 1] > mid[i]), cts[i + 1], mid[i + 1]
        label[i], label_cts[i] = current, current_cts
        if current >= 0:
            move_bps[i] = 1e4 * (current_mid - mid[i]) / mid[i]
    return label, label_cts, move_bps


def horizon_label(book, horizon_ms):
    """Direction of the mid after a fixed time: 1 up, 0 down, -1 unchanged or unknown."""
    later = np.searchsorted(book.cts, book.cts + horizon_ms, side="right") - 1
    change = book.mid[later] - book.mid
    label = np.where(change > 0, 1, np.where(change < 0, 0, -1))
    label[book.cts + horizon_ms > book.cts[-1]] = -1
    return label


def mirrored(x):
    """The same books with bid and ask exchanged; their labels are 1 - y."""
    return (x[:, MIRROR_INDEX] * MIRROR_SIGN).astype(np.float32)
