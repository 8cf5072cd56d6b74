"""`python -m nfm_tutorial reproduce ...` and `python -m nfm_tutorial download frappe`."""

from __future__ import annotations

import argparse
import os
import sys

# Before PyTorch is imported. A second thread gains little with batches of this size, and where the cores do other
# things, too, threads that wait for each other are many times slower than one. Set the variable for another number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from .data import download  # noqa: E402
from .metrics import TASKS  # noqa: E402
from .reproduce import MODELS, reproduce  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """The command line, with every option's meaning."""
    parser = argparse.ArgumentParser(prog="python -m nfm_tutorial", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    get = commands.add_parser("download", help="fetch a data set for research use, verified")
    get.add_argument("name", choices=["frappe"])
    get.add_argument("--folder", help="where to put the files (default: downloads/frappe in the data folder)")

    run = commands.add_parser("reproduce", help="train the models on libFM files and compare with published numbers")
    files = "folder with train.libfm, validation.libfm and test.libfm, all with one prefix (frappe.) or none"
    run.add_argument("--data", required=True, metavar="DIR", help=files)
    run.add_argument("--models", default=",".join(MODELS), help="comma-separated, of %(default)s")
    run.add_argument("--task", choices=list(TASKS), default="regression", help="RMSE, or AUC and log loss")
    run.add_argument("--k", type=int, help="embedding size (default: the recipe's own)")
    run.add_argument("--setting", choices=["fast", "paper"], default="fast", help="training recipe")
    run.add_argument("--seeds", type=int, default=1, help="number of random starts")
    run.add_argument("--out", metavar="results.json", help="write one JSON row per model and seed")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, or 1 after a message that says what to do."""
    given = build_parser().parse_args(arguments)
    try:
        if given.command == "download":
            folder = download(given.name, given.folder) if given.folder else download(given.name)
            print(f"next: python -m nfm_tutorial reproduce --data {folder}")
        else:
            models = [name.strip().lower() for name in given.models.split(",") if name.strip()]
            reproduce(given.data, models, given.task, given.k, given.setting, given.seeds, given.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
