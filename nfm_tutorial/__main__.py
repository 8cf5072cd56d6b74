"""`python -m nfm_tutorial reproduce ...` and `python -m nfm_tutorial download frappe`.

Options, messages and exit codes; it knows nothing of training itself.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys

from .course import commands as course

if __name__ == "__main__" and sys.argv[1:2] and sys.argv[1] in course.NAMES:  # also where PyTorch can't be imported
    sys.exit(course.main(sys.argv[1:]))

import torch

from .checks import whole_number
from .data import download
from .metrics import TASKS
from .models import MODELS
from .reproduce import reproduce


def build_parser() -> argparse.ArgumentParser:
    """The command line, with every option's meaning."""
    parser = argparse.ArgumentParser(prog="python -m nfm_tutorial", description=__doc__.splitlines()[0])
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
    run.add_argument("--out", metavar="results.json", help="add one JSON row per model and seed to this file")
    # A second thread gains little with batches of this size, and on busy cores waiting threads are many times slower.
    run.add_argument("--threads", type=int, default=1, help="PyTorch's threads, at most one per core (default: 1)")
    course.add(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0; 1 after a message; 130 after Ctrl-C; 141 if nobody reads on (`| head -1`)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a folder's name may have letters that the terminal has not
            stream.reconfigure(errors="backslashreplace")
    given = build_parser().parse_args(arguments)
    try:
        if given.command == "download":
            folder = download(given.name, given.folder) if given.folder else download(given.name)
            print(f"next: python -m nfm_tutorial reproduce --data {folder}", flush=True)
        elif given.command in course.NAMES:
            return course.run(given)
        else:
            torch.set_num_threads(min(whole_number("threads", given.threads, 1), os.cpu_count() or 1))
            how = given.task, given.k, given.setting, given.seeds, given.out
            reproduce(given.data, given.models, *how, show=functools.partial(print, flush=True))
    except KeyboardInterrupt as stop:
        print(f"interrupted; {str(stop) or 'nothing half-written is kept'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where Python's last flush may go
        return 141
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
