"""A table of your own: how long one row takes to encode, and how much memory a large CSV takes to train on.

    python benchmarks/tables.py row                      milliseconds of encoder.transform for one row, by vocabulary
    python benchmarks/tables.py write big.csv            10 million rows of 10 whole-number columns, and a label
    python benchmarks/tables.py train big.csv            trains on them, and prints the peak memory after each stage

`train` takes the options of `python -m nfm_tutorial train`; without any: FM, k = 4, one epoch, batches of 8192.
"""

import argparse
import re
import resource
import statistics
import sys
import time

import numpy as np
import pandas as pd

from nfm_tutorial.__main__ import main as command
from nfm_tutorial.encoding import Encoder

SIZES = (10, 100, 1_000, 10_000, 100_000, 100_000, 100_000, 200_000, 200_000, 300_000)  # values of each column


def row() -> None:
    for n in (1_000, 10_000, 100_000, 700_000):
        rng = np.random.default_rng(0)
        numbers = pd.DataFrame({"user": rng.permutation(n), "item": [f"item {i}" for i in range(n)], "label": 1})
        for names in (["user"], ["item"], ["user", "item"]):
            encoder = Encoder(names).fit(numbers)
            one = numbers[["user", "item"]].iloc[[n // 2]]
            encoder.transform(one)
            times = []
            for _ in range(20):
                start = time.process_time()
                encoder.transform(one)
                times.append(1000 * (time.process_time() - start))
            print(f"{n:9,} values, {'+'.join(names):9} {statistics.median(times):8.2f} ms of CPU time", flush=True)


def write(path: str, rows: int) -> None:
    rng, part = np.random.default_rng(0), 500_000
    for start in range(0, rows, part):
        n = min(part, rows - start)
        frame = pd.DataFrame({f"c{i}": (size * rng.random(n) ** 2).astype(int) for i, size in enumerate(SIZES)})
        frame["clicked"] = (rng.random(n) < 0.2 + 0.3 * (frame["c0"] % 2)).astype(int)
        frame.to_csv(path, mode="w" if start == 0 else "a", header=start == 0, index=False)


def peak() -> float:
    """GiB that this process has held at most."""
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def train(path: str, options: list[str]) -> None:
    import nfm_tutorial.tables as tables

    print(f"peak after imports {peak():.2f} GiB", flush=True)
    read, start = tables.read_examples, time.perf_counter()

    def measured(*arguments):
        result = read(*arguments)
        print(f"peak after reading {peak():.2f} GiB, {time.perf_counter() - start:.0f} s", flush=True)
        return result

    tables.read_examples = measured
    columns = ",".join(f"c{i}" for i in range(len(SIZES)))
    usual = ["--categorical", columns, "--model", "FM", "--k", "4", "--epochs", "1", "--batch-size", "8192"]
    code = command(["train", "--data", path, "--target", "clicked", *(options or usual)])
    print(f"peak at the end {peak():.2f} GiB, {time.perf_counter() - start:.0f} s", flush=True)
    sys.exit(code)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=re.sub(r"\n.*", "", __doc__))
    parser.add_argument("what", choices=["row", "write", "train"])
    parser.add_argument("path", nargs="?", default="big.csv")
    parser.add_argument("--rows", type=int, default=10_000_000)
    given, rest = parser.parse_known_args()
    {"row": row, "write": lambda: write(given.path, given.rows), "train": lambda: train(given.path, rest)}[given.what]()
