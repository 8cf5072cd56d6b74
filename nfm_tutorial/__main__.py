"""`python -m nfm_tutorial train`, `predict`, `example`: your own data; `reproduce`, `download`: the NFM paper's.

Options, messages and exit codes; it knows nothing of training itself.
"""

import argparse
import functools
import inspect
import os
import sys
import warnings

from .course import commands as course

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in course.NAMES:  # also where PyTorch can't be imported
        sys.exit(course.main(sys.argv[1:]))
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch: large memory pages on Linux, for large tables

import torch

from .checks import whole_number
from .data import download
from .metrics import TASKS
from .models import MODELS
from .reproduce import reproduce
from .tables import predict_file, train_file, write_example
from .training import TrainConfig


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

    form = argparse.RawDescriptionHelpFormatter
    about = {"help": "train on your own table", "description": train_file.__doc__, "formatter_class": form}
    train = commands.add_parser("train", **about)
    options = inspect.signature(train_file).parameters | inspect.signature(TrainConfig).parameters
    for name in [name for name in options if name not in ("show", "training", "monitor", "device")]:
        kind = {int: int, int | None: int, float: float}.get(options[name].annotation, str)
        train.add_argument(f"--{name.replace('_', '-')}", type=kind, required=name == "data", default=argparse.SUPPRESS)
    new = commands.add_parser("predict", help="score the rows of another file with a trained model")
    for name in ("model", "data", "out"):
        new.add_argument(f"--{name}", required=True)
    new.add_argument("--encoding", default="utf-8-sig")
    example = commands.add_parser("example", help="write a click log to try train and predict on")
    example.add_argument("path")
    example.add_argument("--new", help="file for its latest rows, without labels")
    course.add(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0; 1 after a message; 130 after Ctrl-C; 141 if nobody reads on (`| head -1`)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a folder's name may have letters that the terminal has not
            stream.reconfigure(errors="backslashreplace")
    given = build_parser().parse_args(arguments)
    warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
    own = {"train": train_file, "predict": predict_file, "example": write_example}
    try:
        if given.command in own:
            own[given.command](**{k: v for k, v in vars(given).items() if k != "command"})
        elif given.command == "download":
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
