"""Trains the direction model of the scalper: model.onnx, manifest.json and CARD.md.

    python train.py --features FOLDER --schema ../../schemas/features.json --out ../scalper-v1

FOLDER holds the outputs of extract.sh. Same inputs, libraries and --created: same bytes.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import platform

import lightgbm
import numpy as np
import onnx
import onnxruntime

import card
import fitting
from dataset import FEATURES, horizon_label, load
from measures import Baselines, calibration, figures, scalper_door
from onnx_export import export

UTC = datetime.timezone.utc
MIDNIGHT_MS = int(datetime.datetime(2024, 8, 9, tzinfo=UTC).timestamp() * 1000)
TRAIN_END_MS = MIDNIGHT_MS - 1000
EMBARGO_MS = 60_000
TRAIN = [
    ("binance_usdm_20240808", "BTCUSDT"),
    ("binance_cm_20240808", "BTCUSD_PERP"),
    ("binance_spot_20240808", "BTCUSDT"),
]
# name, kind, file, only rows after the training window
TESTS = [
    ("binance coin-m BTC, 5 minutes after training", "later_in_time", "binance_cm_20240808", True),
    ("binance spot BTC, 5 minutes after training", "later_in_time", "binance_spot_20240808", True),
    ("binance usd-m BTC, 3 weeks before", "other_day", "binance_usdm_20240718", False),
    ("binance spot ETHBTC, 2020", "other_instrument", "binance_ethbtc_2020", False),
    ("binance usd-m, 4 small coins, 2021", "other_instrument", "cryptofeed_usdm_2021", False),
    ("binance spot, 4 small pairs, 2021", "other_instrument", "cryptofeed_spot_2021", False),
    ("bybit linear BTC and SOL, 2026", "other_exchange", "bybit_linear_2026", False),
    ("bybit spot ETH, 2026", "other_exchange", "bybit_spot_2026", False),
    ("bybit linear XRP, 2024", "other_exchange", "bybit_xrp_2024", False),
    ("bybit linear, 4 small coins, level 1, 2025", "other_exchange", "bybit_level1_2025", False),
]
HORIZONS_MS = [1000, 5000, 10_000]
TOLERANCE = 1e-5


def iso(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Model:
    """The calibrated probability of the shipped file, computed by LightGBM itself."""

    def __init__(self, booster, names, slope):
        self.booster, self.names, self.slope = booster, names, slope

    def __call__(self, x):
        if len(x) == 0:
            return np.zeros(0)
        raw = self.booster.predict(x[:, fitting.columns_of(self.names)], raw_score=True)
        return 1 / (1 + np.exp(-self.slope * raw))


def pooled(books, is_later):
    """Rows of all books of a file as one test set."""
    start = TRAIN_END_MS + EMBARGO_MS if is_later else 0
    parts = [book.select(book.cts >= start) for book in books.values()]
    parts = [part for part in parts if len(part.y) > 0]
    return fitting.Sample(parts) if parts else None


def evaluate(name, kind, rows, p, baselines):
    imb_1 = rows.x[:, FEATURES.index("imb_1")]
    imb_5 = rows.x[:, FEATURES.index("imb_5")]
    return {
        "name": name,
        "kind": kind,
        "rows": len(rows.y),
        "changes": int(len(np.unique(rows.run))),
        "up_share": round(float(rows.y.mean()), 4),
        "model": figures(rows.y, p),
        "baselines": baselines.figures(rows.y, imb_1),
        "calibration": calibration(rows, p),
        "scalper_entries": scalper_door(rows, p, imb_5),
    }


def compare_horizons(train_books, tests, setting):
    """Fixed horizons under the same pipeline: share of rows that moved, and AUC on those."""
    names, leaves, rounds, _ = setting
    answers = []
    for horizon in HORIZONS_MS:
        is_train = [book.cts + horizon < TRAIN_END_MS for book in train_books]
        sample = fitting.Sample(
            [relabelled(book, horizon, keep) for book, keep in zip(train_books, is_train)]
        )
        booster = fitting.fit(sample.x, sample.y, sample.weight, names, leaves, rounds)
        model = Model(booster, names, 1.0)
        measured = []
        for name, kind, books, is_later in tests:
            if kind not in ("later_in_time", "other_day"):
                continue
            start = TRAIN_END_MS + EMBARGO_MS if is_later else 0
            rows = [relabelled(book, horizon, book.cts >= start) for book in books.values()][0]
            asked = sum(int((book.cts >= start).sum()) for book in books.values())
            auc = figures(rows.y, model(rows.x))["auc"]
            measured.append({"name": name, "moved": len(rows.y) / asked, "auc": auc})
        answers.append({"horizon_ms": horizon, "tests": measured})
    return answers


def relabelled(book, horizon, keep):
    label = book.label
    book.label = horizon_label(book, horizon)
    rows = book.select(keep)
    book.label = label
    return rows


def test_inputs(samples, names, seed):
    """Rows to prove an installation with: real ones, some with values missing, and the bounds."""
    random = np.random.default_rng(seed)
    columns = fitting.columns_of(names)
    picked = [s.x[random.choice(len(s.y), min(4, len(s.y)), replace=False)] for s in samples]
    x = np.concatenate(picked)[:, columns]
    missing = x[:6].copy()
    missing[np.arange(6), np.arange(6) % len(columns)] = np.nan
    bounds = np.array([[v] * len(columns) for v in (-1, 0, 1, np.nan)], dtype=np.float32)
    return np.concatenate([x, missing, bounds]).astype(np.float32)


def listed(x):
    return [[None if np.isnan(v) else float(v) for v in row] for row in x]


def check_runtime(content, x, p):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    got = session.run(["probabilities"], {"features": x})[0]
    worst = float(np.abs(got - np.stack([1 - p, p], axis=1)).max())
    assert worst <= TOLERANCE, f"onnxruntime differs from LightGBM by {worst}"
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--features", type=pathlib.Path, required=True)
    parser.add_argument("--schema", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=pathlib.Path, help="CSV of recorded rows and their answers")
    parser.add_argument("--created", default=iso(datetime.datetime.now(UTC).timestamp() * 1000))
    options = parser.parse_args()
    read = {}

    def books_of(file):
        if file not in read:
            read[file] = load(options.features / f"{file}.jsonl", file)
        return read[file]

    train_books = [books_of(file)[symbol] for file, symbol in TRAIN]
    is_train = [(book.cts < TRAIN_END_MS) & (book.label_cts < TRAIN_END_MS) for book in train_books]
    parts = [book.select(keep) for book, keep in zip(train_books, is_train)]
    sample = fitting.Sample(parts)
    setting, losses = fitting.choose(sample)
    names, leaves, rounds, raw = setting
    slope = fitting.platt(raw, sample.y, sample.weight)
    booster = fitting.fit(sample.x, sample.y, sample.weight, names, leaves, rounds)
    model = Model(booster, names, slope)
    content = export(booster, slope, 0.0)

    baselines = Baselines(sample.x[:, FEATURES.index("imb_1")], sample.y, sample.weight)
    held = 1 / (1 + np.exp(-slope * raw))
    title = "training window, cross-validated"
    evaluations = [evaluate(title, "cross_validated", sample, held, baselines)]
    tests = [(name, kind, books_of(file), is_later) for name, kind, file, is_later in TESTS]
    samples = []
    for name, kind, books, is_later in tests:
        rows = pooled(books, is_later)
        if rows is None:
            continue
        samples.append(rows)
        check_runtime(content, rows.x[:, fitting.columns_of(names)], model(rows.x))
        evaluations.append(evaluate(name, kind, rows, model(rows.x), baselines))

    def answers(x):
        p = 1 / (1 + np.exp(-slope * booster.predict(x, raw_score=True)))
        check_runtime(content, x, p)
        return [[1 - float(v), float(v)] for v in p]

    proof = test_inputs(samples, names, fitting.SEED)
    sources = [
        {
            "file": book.name,
            "symbol": book.symbol,
            "from": iso(part.cts.min()),
            "to": iso(part.cts.max()),
            "rows": len(part.y),
        }
        for book, part in zip(train_books, parts)
    ]
    manifest = {
        "format": 1,
        "name": options.out.name,
        "version": "1.0.0",
        "created": options.created,
        "onnx": {"file": "model.onnx", "sha256": hashlib.sha256(content).hexdigest()},
        "feature_hash": json.loads(options.schema.read_text())["hash"],
        "features": list(names),
        "missing_values": "keep_nan",
        "required_features": ["spread_ticks"],  # missing: the book is one-sided, locked or crossed
        "input": {"name": "features", "columns": len(names)},
        "output": {"name": "probabilities", "columns": 2, "up": 1, "down": 0},
        "label": "direction of the next change of the mid price, whenever it comes",
        "training": {
            "from": iso(sample.cts.min()),
            "to": iso(sample.cts.max()),
            "rows": len(sample.y),
            "seed": fitting.SEED,
            "sources": sources,
            "libraries": {
                "python": platform.python_version(),
                "lightgbm": lightgbm.__version__,
                "numpy": np.__version__,
                "onnx": onnx.__version__,
                "onnxruntime": onnxruntime.__version__,
            },
        },
        "evaluations": evaluations,
        "self_test": {"tolerance": TOLERANCE, "inputs": listed(proof), "outputs": answers(proof)},
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "model.onnx").write_bytes(content)
    (options.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    horizons = compare_horizons(train_books, tests, setting)
    text = card.write(manifest, losses, (leaves, rounds, slope), horizons, len(content))
    (options.out / "CARD.md").write_text(text)
    if options.rows is not None:
        recorded = test_inputs([s for s in samples for _ in range(12)], names, fitting.SEED + 1)
        head = ",".join([*names, "p_down", "p_up"])
        both = zip(recorded.tolist(), answers(recorded))
        lines = [",".join(map(repr, [*x, *p])) for x, p in both]
        options.rows.write_text("\n".join([head, *lines]) + "\n")


if __name__ == "__main__":
    main()
