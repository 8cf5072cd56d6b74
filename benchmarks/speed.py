"""Training speed: `fit` of this package against bare loops and against other libraries, on the same data, in one run.

    python benchmarks/speed.py                                    this package and the two bare loops
    python benchmarks/speed.py --recbole PYTHON --deepctr PYTHON  also these, each from an environment of its own:
                                                                  PYTHON is the path of that environment's interpreter
    python benchmarks/speed.py --vocabulary 10000 10000000        one NFM step of this package by size of the tables
    python benchmarks/speed.py --guards                           `predict` of one row, and importing the package

Data: rows shaped like Frappe's (10 fields, 5,382 features, Zipf-like), k=64, hidden layers [64], dense Adam.
Every contender is a process of its own, so that its peak memory (since its start: it never falls) is its own. The
contenders take turns in each repeat, because the machine's speed drifts; the figure is the median over repeats, the
ratio the median of paired ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

FIELD_SIZES = (957, 4082, 7, 7, 2, 3, 2, 9, 80, 233)
N_FEATURES = 1 + sum(FIELD_SIZES)  # id 0 is padding
K, HIDDEN, LR = 64, (64,), 1e-3
ROOT = Path(__file__).resolve().parent.parent


def make_data(rows: int):
    """(codes, labels): codes (rows, 10) int64 within each field, Zipf-like; labels (rows,) 0 or 1, a third positive."""
    import numpy as np

    rng = np.random.default_rng(0)
    codes = np.empty((rows, len(FIELD_SIZES)), dtype=np.int64)
    for field, size in enumerate(FIELD_SIZES):
        weight = 1 / np.arange(1, size + 1)
        codes[:, field] = rng.choice(size, size=rows, p=weight / weight.sum())
    return codes, (rng.random(rows) < 1 / 3).astype(np.float32)


def as_ids(codes):
    """(rows, 10) feature ids: each field's codes moved to its own range."""
    import numpy as np

    return codes + 1 + np.concatenate([[0], np.cumsum(FIELD_SIZES[:-1])])


class Ours:
    """This package."""

    def __init__(self, rows: int):
        sys.path.insert(0, str(ROOT))
        from nfm_tutorial.encoding import Examples

        codes, labels = make_data(rows)
        self.examples = Examples(as_ids(codes), (codes >= 0).astype("float32"), labels)

    def train(self, model: str, batch_size: int, rows: int) -> float:
        from nfm_tutorial import models
        from nfm_tutorial.training import TrainConfig, fit

        network = {
            "FM": lambda: models.FM(N_FEATURES, K),
            "NFM": lambda: models.NFM(N_FEATURES, K, HIDDEN),
            "DeepFM": lambda: models.DeepFM(N_FEATURES, self.examples.field_of_slot, K, HIDDEN),
        }[model]()
        config = TrainConfig(epochs=1, batch_size=batch_size, lr=LR)
        return fit(network, self.examples[:rows], self.examples[:500], config, progress=False).seconds


class BareLoop:
    """The same mathematics and optimiser in the shortest loop one would write: slices of tensors, fused Adam."""

    hand_written = False

    def __init__(self, rows: int):
        import torch

        codes, labels = make_data(rows)
        self.ids, self.labels = torch.from_numpy(as_ids(codes)), torch.from_numpy(labels)
        self.values = torch.ones(self.ids.shape)

    def train(self, model: str, batch_size: int, rows: int) -> float:
        import torch
        import torch.nn.functional as F
        from torch import nn

        V = nn.Parameter(0.05 * torch.randn(N_FEATURES, K))
        w, w0 = nn.Parameter(torch.zeros(N_FEATURES)), nn.Parameter(torch.zeros(()))
        pool = _hand_written_pooling() if self.hand_written else _plain_pooling
        if model == "NFM":
            head = nn.Sequential(nn.BatchNorm1d(K), nn.Linear(K, *HIDDEN), nn.BatchNorm1d(*HIDDEN), nn.ReLU())
            head.append(nn.Linear(*HIDDEN, 1, bias=False))
        elif model == "DeepFM":
            head = nn.Sequential(nn.Linear(K * len(FIELD_SIZES), *HIDDEN), nn.ReLU(), nn.Linear(*HIDDEN, 1, bias=False))
        else:
            head = nn.Sequential()
        optimizer = torch.optim.Adam([V, w, w0, *head.parameters()], lr=LR, fused=True)
        started = time.perf_counter()
        order = torch.randperm(rows)
        ids, values, labels = self.ids[order], self.values[order], self.labels[order]
        for start in range(0, rows, batch_size):
            i, x = ids[start : start + batch_size], values[start : start + batch_size]
            xv = F.embedding(i, V) * x[..., None]  # (B, S, k)
            score = w0 + (F.embedding(i, w[:, None])[..., 0] * x).sum(1)
            if model == "NFM":
                score = score + head(pool(xv)).squeeze(1)
            else:
                score = score + pool(xv).sum(1)
            if model == "DeepFM":
                score = score + head(xv.flatten(1)).squeeze(1)
            loss = F.binary_cross_entropy_with_logits(score, labels[start : start + batch_size])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return time.perf_counter() - started


def _plain_pooling(xv):
    return 0.5 * (xv.sum(1).square() - xv.square().sum(1))


def _hand_written_pooling():
    import torch

    class Pooling(torch.autograd.Function):
        @staticmethod
        def forward(ctx, xv):
            total = xv.sum(1)
            ctx.save_for_backward(xv, total)
            return 0.5 * (total.square() - xv.square().sum(1))

        @staticmethod
        def backward(ctx, grad):
            xv, total = ctx.saved_tensors
            return (total[:, None] - xv) * grad[:, None]

    return Pooling.apply


class BareLoopHandWritten(BareLoop):
    """The bare loop with a hand-written gradient of the pooling."""

    hand_written = True


class Recbole:
    """recbole's own models and data loader, driven by its own trainer for one epoch."""

    def __init__(self, rows: int):
        import tempfile

        import pandas as pd

        codes, labels = make_data(rows)
        self.folder = Path(tempfile.mkdtemp())
        frame = pd.DataFrame({f"f{j}:token": codes[:, j] for j in range(codes.shape[1])})
        frame = frame.rename(columns={"f0:token": "user_id:token", "f1:token": "item_id:token"})
        frame["label:float"] = labels
        self.frame = frame

    def train(self, model: str, batch_size: int, rows: int) -> float:
        import logging

        from recbole.config import Config
        from recbole.data import create_dataset, data_preparation
        from recbole.utils import get_model, get_trainer, init_seed

        target = self.folder / f"rows{rows}"
        target.mkdir(exist_ok=True)
        path = target / f"rows{rows}.inter"
        if not path.exists():
            self.frame.iloc[:rows].to_csv(path, sep="\t", index=False)
        fields = ["user_id", "item_id"] + [f"f{j}" for j in range(2, len(FIELD_SIZES))]
        config = Config(
            model=model,
            dataset=target.name,
            config_dict={
                "data_path": str(self.folder),
                "load_col": {"inter": [*fields, "label"]},
                "USER_ID_FIELD": "user_id",
                "ITEM_ID_FIELD": "item_id",
                "LABEL_FIELD": "label",
                "embedding_size": K,
                "mlp_hidden_size": list(HIDDEN),
                "dropout_prob": 0.0,
                "epochs": 1,
                "train_batch_size": batch_size,
                "learning_rate": LR,
                "learner": "adam",
                "weight_decay": 0.0,
                "train_neg_sample_args": None,
                "eval_args": {"split": {"RS": [98, 1, 1]}, "order": "RO", "mode": "labeled", "group_by": None},
                "metrics": ["AUC"],
                "valid_metric": "AUC",
                "use_gpu": False,
                "show_progress": False,
                "state": "ERROR",
                "checkpoint_dir": str(self.folder),
            },
        )
        logging.disable(logging.CRITICAL)
        init_seed(0, True)
        dataset = create_dataset(config)
        train_data, _, _ = data_preparation(config, dataset)
        network = get_model(config["model"])(config, train_data.dataset)
        trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, network)
        started = time.perf_counter()
        trainer._train_epoch(train_data, 0, show_progress=False)
        return (time.perf_counter() - started) * rows / len(train_data.dataset)


class DeepCtr:
    """deepctr-torch's own models and its own `fit`. It has no FM class; DeepFM without a DNN is its FM."""

    def __init__(self, rows: int):
        self.codes, self.labels = make_data(rows)

    def train(self, model: str, batch_size: int, rows: int) -> float:
        import torch
        from deepctr_torch.inputs import SparseFeat
        from deepctr_torch.models import NFM, DeepFM

        names = [f"f{j}" for j in range(len(FIELD_SIZES))]
        columns = [SparseFeat(name, size, embedding_dim=K) for name, size in zip(names, FIELD_SIZES)]
        none = {"l2_reg_linear": 0, "l2_reg_embedding": 0, "task": "binary", "device": "cpu"}
        if model == "NFM":
            network = NFM(columns, columns, dnn_hidden_units=HIDDEN, **none)
        else:
            network = DeepFM(columns, columns, dnn_hidden_units=HIDDEN if model == "DeepFM" else (), **none)
        network.compile(torch.optim.Adam(network.parameters(), lr=LR), "binary_crossentropy")
        inputs = {name: self.codes[:rows, j] for j, name in enumerate(names)}
        started = time.perf_counter()
        network.fit(inputs, self.labels[:rows], batch_size=batch_size, epochs=1, verbose=0)
        return time.perf_counter() - started


CONTENDERS = {
    "this package": Ours,
    "bare loop": BareLoop,
    "bare loop, hand-written gradient": BareLoopHandWritten,
    "recbole": Recbole,
    "deepctr-torch": DeepCtr,
}


def peak_memory_mib() -> float | None:
    """Peak resident memory of this process, where the system tells."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def worker(name: str, rows: int, threads: int) -> None:
    """Answers one JSON line (seconds, peak memory) to each JSON line (model, batch, rows) until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to stderr
    import torch

    torch.set_num_threads(threads)
    contender = CONTENDERS[name](rows)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            torch.manual_seed(0)
            answer = {"seconds": contender.train(job["model"], job["batch"], job["rows"]), "mib": peak_memory_mib()}
        except Exception as error:  # a library that cannot run this job is reported, not fatal
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def by_vocabulary(sizes: list[int], optimizers: list[str], repeats: int) -> None:
    """Milliseconds per step of NFM by vocabulary and optimiser, batch 1024, 8 slots of uniform ids, k=16, and a whole
    `fit` of 60 steps. The contenders take turns of 20 steps each; a dense step on a large table takes turns of 2."""
    import contextlib

    import torch

    sys.path.insert(0, str(ROOT))
    from nfm_tutorial import models, training
    from nfm_tutorial.encoding import Examples

    batch, slots, k, steps = 1024, 8, 16, 60
    print(f"NFM, batch {batch}, {slots} slots, k={k}; {peak_memory_mib():.0f} MiB before the first table")
    contenders = {}
    for n in sizes:
        generator = torch.Generator().manual_seed(0)
        ids = torch.randint(1, n, (batch * steps, slots), generator=generator)
        labels = (torch.rand(len(ids), generator=generator) < 0.4).float()
        data = Examples(ids, torch.ones(ids.shape), labels)
        for optimizer in optimizers:
            config = training.TrainConfig(optimizer=optimizer, batch_size=batch, epochs=1)
            network = models.NFM(n, k)
            whole = training.fit(network, data, data[:1000], config, progress=False).seconds if config.sparse else None
            print(f"  n={n:>10,} {optimizer:14} fit of {steps} steps: {f'{whole:.2f} s' if whole else 'left out'}, "
                  f"peak {peak_memory_mib():.0f} MiB")  # fmt: skip
            adam = training._optimizer(network, config)
            small = optimizer == "sparse_adagrad" and n <= 2 * batch * slots  # as `fit` decides
            rows_of = training._RowsOfBatch(network, adam) if config.sparse and not small else contextlib.nullcontext
            contenders[n, optimizer] = (network.train(), adam, config, rows_of, data)
    order = torch.arange(batch * steps).split(batch)
    wall: dict[tuple, list[float]] = {key: [] for key in contenders}
    cpu: dict[tuple, list[float]] = {key: [] for key in contenders}
    for repeat in range(repeats + 1):  # the first is a warm-up
        for key, contender in contenders.items():
            turn = order[:2] if key[0] > 10**5 and not contender[2].sparse else order[repeat % 3 * 20 :][:20]
            for part in turn:
                started, started_cpu = time.perf_counter(), time.thread_time()
                training._step(*contender, part)
                if repeat:
                    wall[key].append(1e3 * (time.perf_counter() - started))
                    cpu[key].append(1e3 * (time.thread_time() - started_cpu))
    for (n, optimizer), times in wall.items():
        print(f"  n={n:>10,} {optimizer:14} {statistics.median(times):8.2f} ms a step, {min(times):8.2f} at least; "
              f"{statistics.median(cpu[n, optimizer]):8.2f} ms of the processor")  # fmt: skip


def guards(repeats: int) -> None:
    """Milliseconds of `predict` for one row, by model, and what importing `training` adds to importing PyTorch."""
    import torch

    sys.path.insert(0, str(ROOT))
    from nfm_tutorial.encoding import Examples
    from nfm_tutorial.models import MODELS
    from nfm_tutorial.training import predict

    one = Examples(as_ids(make_data(1)[0]), [[1.0] * len(FIELD_SIZES)])
    print(f"predict of one row, {torch.get_num_threads()} threads")
    models = {name: MODELS[name](N_FEATURES, **({"k": K} if name != "LR" else {}), **more) for name, more in
              {"LR": {}, "FM": {}, "NFM": {}, "DeepFM": {"field_of_slot": one.field_of_slot}}.items()}  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(100 * repeats):
        for name, model in models.items():
            started = time.perf_counter()
            predict(model, one)
            times[name].append(1e3 * (time.perf_counter() - started))
    for name, values in times.items():
        print(f"  {name:6} {statistics.median(values):.3f} ms, {min(values):.3f} at least")
    taken: dict[str, list[float]] = {"torch": [], "nfm_tutorial.training": []}
    for _ in range(repeats):
        for name, values in taken.items():  # processor time, which other processes hardly change
            command = [sys.executable, "-c", f"import time, {name}; print(time.process_time())"]
            values.append(float(subprocess.check_output(command, cwd=ROOT, text=True)))
    above = statistics.median(ours - torchs for torchs, ours in zip(*taken.values()))
    print(f"import nfm_tutorial.training: {above:.2f} s of the processor above torch, median of {repeats} pairs")


def main() -> None:
    """Run the contenders in turn and print a table per model and batch size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["FM", "DeepFM", "NFM"], choices=["FM", "DeepFM", "NFM"])
    parser.add_argument("--batches", nargs="+", type=int, default=[128, 1024, 4096])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=202_027, help="rows of data; a run uses at most 200 batches")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--recbole", metavar="PYTHON", help="interpreter of an environment with recbole")
    parser.add_argument("--deepctr", metavar="PYTHON", help="interpreter of an environment with deepctr-torch")
    parser.add_argument("--vocabulary", metavar="N", nargs="+", type=int, help="one step by size of the tables instead")
    parser.add_argument("--guards", action="store_true", help="`predict` of one row and importing instead")
    parser.add_argument("--optimizers", nargs="+", default=["adam", "adagrad", "sparse_adagrad", "sparse_adam"])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.vocabulary:
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large memory pages, as `python -m nfm_tutorial` has them
        import torch

        torch.set_num_threads(given.threads)
        return by_vocabulary(given.vocabulary, given.optimizers, given.repeats)
    if given.guards:
        import torch

        torch.set_num_threads(given.threads)
        return guards(given.repeats)
    if given.worker:
        return worker(given.worker, given.rows, given.threads)

    pythons = dict.fromkeys(list(CONTENDERS)[:3], sys.executable)
    pythons.update({"recbole": given.recbole} if given.recbole else {})
    pythons.update({"deepctr-torch": given.deepctr} if given.deepctr else {})
    processes = {}
    for name, python in pythons.items():
        command = [python, __file__, "--worker", name, "--rows", str(given.rows), "--threads", str(given.threads)]
        processes[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(name: str, **job) -> dict:
        process = processes[name]
        print(json.dumps(job), file=process.stdin, flush=True)
        line = process.stdout.readline()
        return json.loads(line) if line else {"error": f"ended with code {process.wait()}"}

    print(f"{given.rows:,} rows, {N_FEATURES - 1:,} features, k={K}, hidden {list(HIDDEN)}, {given.threads} threads")
    for model in given.models:
        for batch in given.batches:
            rows = min(given.rows, 200 * batch)
            seconds: dict[str, list[float]] = {name: [] for name in processes}
            peak: dict[str, float] = {}
            for repeat in range(given.repeats + 1):  # the first is a warm-up
                for name in list(seconds):
                    answer = ask(name, model=model, batch=batch, rows=rows)
                    if "error" in answer:
                        print(f"  {name} left out: {answer['error']}")
                        del seconds[name]
                    elif repeat:
                        seconds[name].append(answer["seconds"])
                        peak[name] = answer["mib"]
            report(model, batch, rows, seconds, peak)
    for process in processes.values():
        process.stdin.close()
        process.wait()


def report(model: str, batch: int, rows: int, seconds: dict[str, list[float]], peak: dict[str, float]) -> None:
    """Print thousand examples per second (median), how many times as fast this package is, and peak memory so far."""
    print(f"\n{model}, batch {batch}")
    ours = seconds["this package"]
    for name, runs in seconds.items():
        ratio = statistics.median(theirs / mine for theirs, mine in zip(runs, ours))
        memory = f"{peak[name]:6.0f} MiB" if peak.get(name) else "   n/a"
        print(f"  {name:34} {rows / statistics.median(runs) / 1000:7.1f} k examples/s   x{ratio:4.2f}   {memory}")


if __name__ == "__main__":
    main()
