"""Out-of-sample figures and the naive predictors they are compared with."""

import numpy as np

THRESHOLDS = [0.6, 0.7, 0.8, 0.9]
DOOR_IMBALANCE, DOOR_PROBABILITY = 0.7, 0.8  # defaults of the scalper


def auc(y, score):
    """Chance that an up row scores above a down row; ties count half. None with one class."""
    up = int(y.sum())
    down = len(y) - up
    if up == 0 or down == 0:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[inverse]
    return float((rank[y == 1].sum() - up * (up + 1) / 2) / (up * down))


def figures(y, p):
    """A probability of one half is no prediction and counts as half a hit."""
    if len(y) == 0:
        return {"accuracy": None, "log_loss": None, "auc": None, "brier": None}
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    hit = np.where(p == 0.5, 0.5, (p > 0.5) == (y == 1))
    loss = -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))
    values = {
        "accuracy": float(np.mean(hit)),
        "log_loss": float(np.mean(loss)),
        "auc": auc(y, p),
        "brier": float(np.mean((p - y) ** 2)),
    }
    return {key: None if value is None else round(value, 4) for key, value in values.items()}


def hits(rows, p, keep):
    """Rows that were kept, the mid changes they wait for, and the share that was right."""
    right = (p > 0.5) == (rows.y == 1)
    count = int(keep.sum())
    return {
        "rows": count,
        "changes": int(len(np.unique(rows.run[keep]))),
        "hit_rate": round(float(right[keep].mean()), 4) if count else None,
    }


def calibration(rows, p):
    sure = np.maximum(p, 1 - p)
    return [{"threshold": t, **hits(rows, p, sure > t)} for t in THRESHOLDS]


def scalper_door(rows, p, imbalance):
    """Rows where the scalper's two conditions hold; `move_bps` is the mean move in their favor."""
    up = (imbalance > DOOR_IMBALANCE) & (p > DOOR_PROBABILITY)
    down = (imbalance < -DOOR_IMBALANCE) & (1 - p > DOOR_PROBABILITY)
    keep = up | down
    move = np.where(up, 1, -1)[keep] * rows.move_bps[keep]
    mean = round(float(move.mean()), 4) if keep.any() else None
    return {**hits(rows, p, keep), "move_bps": mean}


class Logistic:
    """P(up) from one input, by Newton's method."""

    def __init__(self, x, y, weight):
        self.slope, self.intercept = 0.0, 0.0
        for _ in range(50):
            p = self(x)
            gradient = np.array([(weight * (y - p) * x).sum(), (weight * (y - p)).sum()])
            curve = weight * p * (1 - p)
            cross = (curve * x).sum()
            hessian = np.array([[(curve * x * x).sum(), cross], [cross, curve.sum()]])
            step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
            self.slope += step[0]
            self.intercept += step[1]
            if np.abs(step).max() < 1e-10:
                break

    def __call__(self, x):
        return 1 / (1 + np.exp(-(self.slope * x + self.intercept)))


class Baselines:
    """What a person would try first, fitted on the same training rows."""

    def __init__(self, imb_1, y, weight):
        imb_1 = np.nan_to_num(imb_1.astype(float))
        self.up_share = float((weight * y).sum() / weight.sum())
        right = (imb_1 > 0) == (y == 1)
        self.sign_hit_rate = float((weight * right).sum() / weight.sum())
        self.logistic = Logistic(imb_1, y, weight)

    def figures(self, y, imb_1):
        imb_1 = np.nan_to_num(imb_1.astype(float))
        swing = self.sign_hit_rate - 0.5
        return {
            "majority": figures(y, np.full(len(y), self.up_share)),
            "sign_imb_1": figures(y, 0.5 + swing * np.sign(imb_1)),
            "logistic_imb_1": figures(y, self.logistic(imb_1)),
        }
