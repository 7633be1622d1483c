"""Turns a recording kept as three JSON arrays into lines that `bookflow features` reads.

    python flatten_arrays.py SNAPSHOT.json.gz UPDATE.json.gz TRADES.json.gz OUT.jsonl

One line is `<receive time in ns> <combined-stream frame>`. The recorder kept no receive times, so
the exchange's event time stands in for them; within one millisecond trades come before the update
that contains them. The snapshot goes behind the first update, as it would have come while the
stream was already running.
"""

import gzip
import json
import sys


def read(path):
    with gzip.open(path, "rt") as file:
        return json.load(file)


def main(snapshot_path, update_path, trades_path, out_path):
    events = []
    for trade in read(trades_path):
        events.append((trade["E"], 0, "aggTrade", trade))
    for update in read(update_path):
        events.append((update["E"], 1, "depth", update))
    events.sort(key=lambda event: event[:2])
    snapshot = read(snapshot_path)
    is_pending = True
    with open(out_path, "w") as out:
        for time_ms, _, stream, data in events:
            frame = {"stream": f"{data['s'].lower()}@{stream}", "data": data}
            out.write(f"{time_ms * 1_000_000} {json.dumps(frame, separators=(',', ':'))}\n")
            if is_pending and stream == "depth":
                out.write(f"{time_ms * 1_000_000} {json.dumps(snapshot, separators=(',', ':'))}\n")
                is_pending = False


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
