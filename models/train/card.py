"""The model card, written from the measured figures so that it cannot say anything else."""

import fitting


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value):
    return "-" if value is None else f"{100 * value:.1f} %"


def table(head, rows):
    """Columns padded to one width, as the repository's formatter leaves them."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(head))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells
    )


def results(evaluations):
    rows = []
    for one in evaluations:
        model, base = one["model"], one["baselines"]
        rows.append([
            one["name"], one["rows"], one["changes"],
            percent(model["accuracy"]), percent(base["majority"]["accuracy"]), percent(base["sign_imb_1"]["accuracy"]),
            number(model["log_loss"]), number(base["logistic_imb_1"]["log_loss"]),
            number(model["auc"]), number(base["logistic_imb_1"]["auc"]), number(model["brier"]),
        ])
    return table([
        "set", "rows", "mid changes", "accuracy", "majority class", "sign of imb_1",
        "log loss", "logistic on imb_1", "AUC", "AUC of imb_1", "Brier",
    ], rows)


def verdict(evaluations):
    """How often the model beats the simple things, over the sets that are large enough to tell."""
    large = [one for one in evaluations if one["changes"] >= 100 and one["kind"] != "cross_validated"]
    base = [one["baselines"] for one in large]
    loss = sum(one["model"]["log_loss"] < b["logistic_imb_1"]["log_loss"] for one, b in zip(large, base))
    hit = sum(one["model"]["accuracy"] > b["sign_imb_1"]["accuracy"] for one, b in zip(large, base))
    rank = sum(one["model"]["auc"] > b["logistic_imb_1"]["auc"] for one, b in zip(large, base))
    return (
        f"On the {len(large)} sets with at least 100 mid changes the model has a lower log loss than the logistic curve on\n"
        f"`imb_1` in {loss}, a higher accuracy than the plain sign of `imb_1` in {hit}, and a higher AUC than `imb_1` in {rank}. "
        "What it\nadds to `imb_1`, if anything, is the probability, not the direction."
    )


def sure_rows(evaluations):
    rows = []
    for one in evaluations:
        cells = [one["name"]]
        for level in one["calibration"]:
            if level["threshold"] in (0.7, 0.8, 0.9):
                share = level["rows"] / one["rows"] if one["rows"] else 0
                cells.append(f"{percent(share)} of rows, {level['changes']} changes, hit {percent(level['hit_rate'])}")
        rows.append(cells)
    return table(["set", "p > 0.7", "p > 0.8", "p > 0.9"], rows)


def entries(evaluations):
    rows = [
        [one["name"], one["scalper_entries"]["rows"], one["scalper_entries"]["changes"],
         percent(one["scalper_entries"]["hit_rate"]), number(one["scalper_entries"]["move_bps"], 3)]
        for one in evaluations
    ]
    return table(["set", "rows", "mid changes", "hit rate", "mean move, bps"], rows)


def horizon_table(horizons):
    rows = [
        [f"{answer['horizon_ms'] / 1000:g} s", test["name"], percent(test["moved"]), number(test["auc"])]
        for answer in horizons for test in answer["tests"]
    ]
    return table(["horizon", "set", "rows that moved", "AUC on those"], rows)


def loss_table(losses):
    best = {}
    for label, leaves, rounds, loss in losses:
        if (label, leaves) not in best or loss < best[(label, leaves)][1]:
            best[(label, leaves)] = (rounds, loss)
    rows = [[label, leaves, rounds, number(loss, 4)] for (label, leaves), (rounds, loss) in best.items()]
    return table(["inputs", "leaves", "best number of trees", "log loss"], rows)


def write(manifest, losses, chosen, horizons, size):
    leaves, rounds, slope = chosen
    training, evaluations = manifest["training"], manifest["evaluations"]
    sources = "\n".join(
        f"- {one['file']} ({one['symbol']}): {one['rows']} rows, {one['from']} to {one['to']}" for one in training["sources"]
    )
    return f"""# Model {manifest['name']} {manifest['version']}

Written by `models/train/train.py` from the figures it measured; the same figures are in `manifest.json`.

## What it answers

P(up) and P(down): the chance that the next change of the mid price is upwards, or downwards. They add up to one. It does
not say when the change comes, nor how large it is.

- Inputs: {', '.join(f'`{name}`' for name in manifest['features'])}. None depends on the price or the size of the instrument.
- No score is given while `spread_ticks` is missing: the book is then one-sided, locked or crossed.
- {rounds} LightGBM trees with at most {leaves} leaves, learned on every row and on its mirror image; a larger imbalance never
  lowers P(up). Calibrated on out-of-fold scores (slope {slope:.3f}), the slope folded into the leaves. {size} bytes of ONNX.

## What it learned from

{sources}

That is {training['rows']} rows of six minutes of one evening in one asset on three books of one exchange. It is far too
little to promise anything about other days; it is what real recordings were at hand. Rows that wait for the same change of
the mid are one observation, so the columns "mid changes" below count what is independent, and rows are weighted by one over
the square root of their number.

Settings were chosen by {fitting.BLOCKS}-fold cross-validation over blocks of time that cut all books at the same moments, with
{fitting.EMBARGO_MS // 1000} s left out around each block:

{loss_table(losses)}

More inputs than the winning set made it worse: six minutes do not teach them.

## Out of sample

Nothing below was used for training, for choosing settings or for calibration, except the first line. The sets after
training begin 60 s after it. Baselines were fitted on the training rows. Log loss of a coin is 0.693.

{results(evaluations)}

{verdict(evaluations)}

Where a set has fewer than about 100 mid changes its figures are anecdotes: the Bybit recordings are 5 to 45 s long, and
the best bid and ask hardly moved in them. They show that the model runs on Bybit's data, not how good it is there.

## When it is sure

Share of rows above the threshold on either side, and how often the predicted side was right; a hit rate below
the threshold of its column means that the model was too sure there.

{sure_rows(evaluations)}

## At the scalper's doors

Rows where `imb_5` and the probability pass the defaults of the order-book scalper (0.7 and 0.8) on the same side, and the
mean move of the mid to its next value in that direction:

{entries(evaluations)}

The move is gross. A taker pays the spread and, at the usual 5.5 bps a side, 11 bps in fees for a round trip. On these
instruments the next move alone does not pay for that; a strategy needs larger moves, maker fees or both. Treat the signal
as an input to research and to rehearsal, not as an edge.

## Why the next change, and not a fixed horizon

The same pipeline with the direction after a fixed time as label, over the rows where the mid had moved:

{horizon_table(horizons)}

A fixed horizon says nothing about the rows that did not move, and nobody knows in advance which those are; beyond a second
little is left of what the book shows. The next change is defined for every row and is what the scalper's entry asks.

## Limits

- The imbalances of a book with other tick sizes relative to price behave differently: with a spread of several ticks the
  model is weaker (see the small coins).
- A generated market, such as the mock exchange, is not what it learned from; its probabilities there mean little.
- It does not know about fees, queues, latency or news.
"""
