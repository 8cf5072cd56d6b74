"""`reproduce` on libFM files written from planted truth, whose best losses are known, and its command line."""

import gzip
import importlib.util
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nfm_tutorial import reproduce as module
from nfm_tutorial.__main__ import build_parser, main
from nfm_tutorial.data import data_folder, planted_fields, planted_floors, planted_splits, write_libfm
from nfm_tutorial.encoding import Encoder, Examples
from nfm_tutorial.metrics import TASKS
from nfm_tutorial.models import MODELS
from nfm_tutorial.reproduce import RECIPES, constant, for_task, recipe, reproduce, run, table


def folder_of_planted(folder, task, n_train, n_test=4_000, prefix=""):
    splits = planted_splits(n_train, 4_000, n_test, task=task)
    encoder = Encoder(planted_fields()).fit(splits.train)
    for name, frame in zip(("train", "validation", "test"), splits):
        write_libfm(folder / f"{prefix}{name}.libfm", encoder.transform(frame))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small folder for everything but the floors."""
    return folder_of_planted(tmp_path_factory.mktemp("small"), "regression", 2_000, prefix="frappe.")


def quiet(*args, **kwargs):
    return reproduce(*args, **kwargs, show=lambda text: None)


# DeepFM's recipes for Frappe drop many hidden units or take large steps, which costs 3 to 8 % here. These find the
# crossing of three fields from every start that was tried.
SMALL_STEPS = (
    {"k": 16, "hidden": (128, 128), "dropout": 0.2},
    {"batch_size": 512, "schedule": "linear", "patience": None, "lr": 5e-3, "epochs": 15, "decay_embedding": 1e-5},
)


@pytest.mark.parametrize("task, metric", [("regression", "rmse"), ("binary", "logloss")])
def test_recipes_reach_the_floors_of_planted_truth(tmp_path, monkeypatch, task, metric):
    folder = folder_of_planted(tmp_path, task, 24_000, 40_000)
    floors = planted_floors(task)
    order = {"LR": 1, "FM": 2, "NFM": 3, "DeepFM": 3}
    shipped = quiet(folder, "DeepFM", task)[1]
    assert floors[3] < shipped["test"][metric] < floors[2], "DeepFM's own recipe passes the floor of every FM"
    monkeypatch.setitem(RECIPES, ("fast", task, "DeepFM"), [SMALL_STEPS])
    first, *rows = quiet(folder, task=task, seeds=2)
    assert first["model"] == "constant" and first["test"][metric] == pytest.approx(floors[0], rel=0.01)
    for row in rows:
        # Within 3 % of its own floor, and, the floors being 5 % and more apart, below the one before.
        floor = floors[order[row["model"]]]
        assert floor * 0.99 <= row["test"][metric] <= floor * 1.03, row
        assert row["test"][metric] < floors[order[row["model"]] - 1]


@pytest.fixture(scope="module")
def frappe():
    """benchmarks/frappe.py, which is no part of the package."""
    path = Path(__file__).resolve().parents[1] / "benchmarks" / "frappe.py"
    spec = importlib.util.spec_from_file_location("frappe_search", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


SIZES = (("regression", 128), ("regression", 256), ("binary", 64))
SEARCHED = [(model, task, k) for model in MODELS for task, k in SIZES]


@pytest.mark.parametrize("model, task, k", [how for how in SEARCHED if how[0] != "LR" or how[2] != 256])
def test_a_recipe_is_the_winner_of_the_stored_search(frappe, model, task, k):
    size = k if model != "LR" else 0
    trials = frappe.read(frappe.STORED, model, task, size)
    assert len(trials) == frappe.TRIALS[size] == len({str(trial["places"]) for trial in trials})
    best = (max if task == "binary" else min)(trials, key=lambda trial: trial["value"])
    network, config = frappe.build(model, k, best["setting"], task, list(range(10)))
    arguments, chosen = recipe("fast", task, model, k)
    fields = {"field_of_slot": list(range(10))} if model == "DeepFM" else {}
    assert config == chosen
    assert network.config == MODELS[model](frappe.N_FEATURES, **arguments, **fields).config


def test_the_recorded_table_holds_every_recipe_with_five_seeds():
    record = json.loads((data_folder() / "frappe.json").read_text(encoding="utf-8"))
    held = {(row["model"], row["task"], row["k"], row["seed"]) for row in record["rows"]}
    sizes = [(model, task, k if model != "LR" else 0) for model, task, k in SEARCHED]
    assert held == {(*how, seed) for how in sizes for seed in range(5)} | {("constant", task, 0, 0) for task in TASKS}
    means = {}
    for row in record["rows"]:
        means.setdefault((row["model"], row["k"]), []).append(row["test"][TASKS[row["task"]][0]])
    for entry in record["differences"]:
        if "LR" not in entry["models"]:  # LR has k = 0 for both tasks
            a, b = (np.mean(means[model, entry["k"]]) for model in entry["models"])
            assert a - b == pytest.approx(entry["mean"], abs=1e-12)
        assert all(low < entry["mean"] < high for low, high in (entry["seeds"], entry["users"]))


def test_row_has_the_promised_keys_and_json_holds_every_model_and_seed(small, tmp_path, monkeypatch):
    short(monkeypatch)
    out = tmp_path / "results.json"
    rows = quiet(small, ("LR", "FM"), "regression", seeds=2, out=out)
    assert json.loads(out.read_text(encoding="utf-8")) == rows
    expected = [("constant", 0), ("LR", 0), ("LR", 1), ("FM", 0), ("FM", 1)]
    assert [(row["model"], row["seed"]) for row in rows] == expected
    keys = {"model", "task", "k", "seed", "setting", "valid", "test", "seconds", "epochs"}
    assert all(set(row) == keys for row in rows)
    assert rows[3]["test"] != rows[4]["test"], "the seed changes nothing"
    assert list(tmp_path.iterdir()) == [out], "a partial file is left behind"


def short(monkeypatch, epochs=1):
    """Every recipe with few epochs."""
    for key, candidates in RECIPES.items():
        monkeypatch.setitem(RECIPES, key, [(a, {**t, "epochs": epochs}) for a, t in candidates])


@pytest.mark.parametrize("setting", ["fast", "paper"])
@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("model", list(MODELS))
def test_every_recipe_trains(small, monkeypatch, setting, task, model):
    short(monkeypatch)
    row = quiet(small, (model,), task, k=None if model == "LR" else 4, setting=setting)[1]
    assert row["k"] == (0 if model == "LR" else 4)
    assert set(row["test"]) == ({"rmse"} if task == "regression" else {"auc", "logloss"})


def test_the_test_set_plays_no_part_in_training(small, monkeypatch):
    parts = module.read_libfm_folder(small)
    no_test = [parts[0], parts[1], Examples(parts[2].ids, parts[2].values, -parts[2].target)]
    monkeypatch.setitem(RECIPES, ("fast", "regression", "LR"), [({}, {"lr": 1e-2, "epochs": 3})])
    here, there = (run(these, "LR", "regression")[0] for these in (no_test, parts))
    assert here["valid"] == there["valid"] and here["test"] != there["test"] and here["epochs"] == 3


def test_regression_predictions_are_clipped_to_the_training_labels(small, monkeypatch):
    parts = module.read_libfm_folder(small)
    seen = {}
    monkeypatch.setattr(module, "predict", lambda *args, clip: seen.update(clip=clip) or parts[2].target.numpy())
    monkeypatch.setattr(module, "evaluate", lambda *args: {"rmse": 0.0})
    short(monkeypatch)
    run(parts, "LR", "regression")
    assert seen["clip"] == (-1.0, 1.0)


def test_for_task_turns_signs_into_classes():
    def labelled(*labels):
        return Examples(torch.ones(len(labels), 1, dtype=torch.int64), torch.ones(len(labels), 1), labels)

    assert for_task([labelled(-1.0, 1.0)], "binary")[0].target.tolist() == [0, 1]
    assert for_task([labelled(0.0, 1.0)], "binary")[0].target.tolist() == [0, 1]
    assert for_task([labelled(-1.0, 1.0)], "regression")[0].target.tolist() == [-1, 1]
    with pytest.raises(ValueError, match="labels -1 and 1, or 0 and 1; these files hold -1, 0.5, 1"):
        for_task([labelled(-1.0, 0.5, 1.0)], "binary")


def test_a_size_takes_the_recipe_of_the_nearest_size():
    def of(k):
        return recipe("fast", "regression", "NFM", k)

    (small, short_run), (large, long_run) = of(256), of(None)
    assert (small["k"], short_run.epochs, large["k"], long_run.epochs) == (256, 40, 128, 80)
    assert of(128) == of(None)
    assert of(16) == ({**large, "k": 16}, long_run) and of(512) == ({**small, "k": 512}, short_run)


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"models": ["svm"]}, "no recipe for setting 'fast', task 'regression', model 'svm'"),
        ({"models": []}, "name at least one model"),
        ({"models": " , "}, "name at least one model"),
        ({"models": None}, "name at least one model"),
        ({"seeds": 0}, "seeds must be a whole number of at least 1, got 0"),
        ({"seeds": 1.5}, "seeds must be a whole number"),
        ({"k": 0}, "k must be a whole number of at least 1, got 0"),
        ({"k": 10**12}, "needs .* GB of memory to train"),
        ({"setting": "slow"}, "settings: fast, paper"),
    ],
)
def test_bad_arguments_are_refused_before_any_training(small, monkeypatch, kwargs, message):
    monkeypatch.setattr(module, "run", None)
    with pytest.raises(ValueError, match=message):
        quiet(small, **kwargs)


@pytest.mark.parametrize("place", ["nowhere/results.json", "", "folder", "notes.txt", "other.json", "rows.json"])
def test_results_that_cannot_be_written_are_found_before_training(small, tmp_path, monkeypatch, place):
    monkeypatch.setattr(module, "run", None)
    (tmp_path / "folder").mkdir()
    mine = {"notes.txt": b"my notes \xff", "other.json": b'{"model": 1}', "rows.json": b"[1, 2]"}
    for name, content in mine.items():
        (tmp_path / name).write_bytes(content)
    out = tmp_path / place if place else place
    message = "does not exist; make it first|an empty text|it is a folder|is no results file of this command"
    with pytest.raises((ValueError, OSError), match=message):
        quiet(small, out=out)
    assert {name: (tmp_path / name).read_bytes() for name in mine} == mine


def test_new_rows_are_added_to_a_results_file(small, tmp_path, monkeypatch):
    short(monkeypatch)
    out, said = tmp_path / "results.json", []
    first = quiet(small, "LR", out=out)
    second = reproduce(small, "fm", k=4, out=out, show=said.append)
    assert json.loads(out.read_text(encoding="utf-8")) == first + second and len(second) == 2
    assert f"{out} holds 2 rows already; the new ones are added" in said


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_file_of_one_class_is_found_before_training(tmp_path, monkeypatch, part):
    monkeypatch.setattr(module, "run", None)
    for name in ("train", "validation", "test"):
        (tmp_path / f"{name}.libfm").write_text("1 0:1\n1 1:1\n" if name == part else "1 0:1\n-1 1:1\n")
    with pytest.raises(ValueError, match=rf"{part}\.libfm: all 2 labels are of one class; task binary"):
        quiet(tmp_path, task="binary")


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_training_file_of_one_row_is_found_before_training(tmp_path, monkeypatch, task):
    monkeypatch.setattr(module, "run", None)
    for name in ("train", "validation", "test"):
        (tmp_path / f"{name}.libfm").write_text("1 0:1\n-1 1:1\n" if name != "train" else "1 0:1\n")
    with pytest.raises(ValueError, match=r"train\.libfm has one example, and training needs two or more"):
        quiet(tmp_path, task=task)


def test_models_in_any_case_and_twice_are_trained_once(small, monkeypatch):
    short(monkeypatch)
    said = []
    rows = reproduce(small, "lr, deepfm,LR", k=4, show=said.append)
    assert [row["model"] for row in rows] == ["constant", "LR", "DeepFM"]
    assert [line for line in said if "twice" in line] == ["a model that is named twice is trained once: LR, DeepFM"]
    reproduce(small, ("Lr",), show=said.clear() or said.append)
    assert not any("twice" in line for line in said)


def test_packed_files_are_read(small, tmp_path, monkeypatch):
    short(monkeypatch)
    for path in small.iterdir():
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert quiet(tmp_path, "LR")[1]["test"] == quiet(small, "LR")[1]["test"]


def test_published_numbers_stand_only_beside_the_papers_own_data():
    row = {"model": "NFM", "task": "regression", "k": 128, "seed": 0, "setting": "fast", "seconds": 1.0, "epochs": 2}
    row |= {"valid": {"rmse": 0.5}, "test": {"rmse": 0.25}}
    other = {**row, "seed": 1, "test": {"rmse": 0.35}}
    text = table([row, other], frappe=True)
    assert "rmse 0.3000 +-0.0707" in text and "paper .3127" in text
    assert "paper" not in table([row], frappe=False)


def test_command_line_writes_results_and_prints_the_table(small, tmp_path, capsys, monkeypatch):
    short(monkeypatch)
    out = tmp_path / "r.json"
    assert main(["reproduce", "--data", str(small), "--models", "LR, fm", "--k", "4", "--out", str(out)]) == 0
    assert [row["k"] for row in json.loads(out.read_text(encoding="utf-8"))] == [0, 0, 4]
    assert "train 2,000, validation 4,000, test 4,000 rows" in capsys.readouterr().out


def test_an_interrupted_download_is_no_traceback(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nfm_tutorial.__main__.download", interrupted)
    assert main(["download", "frappe", "--folder", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "interrupted; nothing half-written is kept\n"


def test_command_line_says_what_is_missing(tmp_path, capsys):
    assert main(["reproduce", "--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "train.libfm" in error and "Traceback" not in error


def labelled_parts(*labels):
    def examples(labels):
        return Examples(torch.ones(len(labels), 1, dtype=torch.int64), torch.ones(len(labels), 1), labels)

    return [examples(part) for part in labels]


def test_the_constant_predicts_what_the_training_labels_say():
    row = constant(labelled_parts([1.0, 2.0, 6.0], [3.0, 3.0], [1.0, 7.0]), "regression")
    assert (row["valid"], row["test"]) == ({"rmse": 0.0}, {"rmse": math.sqrt((4 + 16) / 2)})
    assert [row[key] for key in ("model", "k", "epochs", "seconds")] == ["constant", 0, 0, 0]
    row = constant(labelled_parts([-1.0, -1.0, -1.0, 1.0], [1.0, -1.0], [1.0, 1.0, -1.0]), "binary")
    expected = -(2 * math.log(0.25) + math.log(0.75)) / 3
    assert row["test"] == {"auc": 0.5, "logloss": pytest.approx(expected, rel=1e-12)}


def test_a_model_behind_the_constant_is_said_aloud():
    def row(model, loss, seed=0, task="regression"):
        test = {"rmse": loss} if task == "regression" else {"auc": 0.7, "logloss": loss}
        return {"model": model, "task": task, "k": 0, "seed": seed, "setting": "fast", "seconds": 0, "epochs": 0} | {
            "valid": test, "test": test
        }

    rows = [row("constant", 1.0), row("LR", 0.9), row("LR", 1.3, 1), row("FM", 0.5), row("NFM", 1.5)]
    lines = table(rows, frappe=False).splitlines()
    assert lines[1].startswith("constant ") and len(lines) == 6
    assert lines[-1].startswith("behind the constant prediction")
    assert lines[-1].endswith(": LR (rmse 1.1000 against 1.0000), NFM (rmse 1.5000 against 1.0000)")
    assert "behind" not in table([row("constant", 1.0), row("LR", 0.9)], frappe=False)
    rows = [row("constant", 0.6, task="binary"), row("FM", 0.7, task="binary")]
    assert table(rows, frappe=True).splitlines()[-1].endswith(": FM (logloss 0.7000 against 0.6000)")


def test_for_task_keeps_the_fingerprint():
    part = Examples([[1], [1]], [[1.0], [1.0]], [0.0, 1.0], fingerprint="abc")
    assert [for_task([part], task)[0].fingerprint for task in ("binary", "regression")] == ["abc", "abc"]


def test_an_interrupted_run_keeps_what_it_finished(small, tmp_path, monkeypatch, capsys):
    short(monkeypatch)
    real = module.run

    def run_until_fm(parts, model, *rest):
        if model == "FM":
            raise KeyboardInterrupt
        return real(parts, model, *rest)

    monkeypatch.setattr(module, "run", run_until_fm)
    out = tmp_path / "r.json"
    with pytest.raises(KeyboardInterrupt, match=re.escape(f"2 finished rows are kept in {out}")):
        quiet(small, ("LR", "FM"), out=out)
    assert [row["model"] for row in json.loads(out.read_text(encoding="utf-8"))] == ["constant", "LR"]
    with pytest.raises(KeyboardInterrupt, match="2 finished rows are lost"):
        quiet(small, ("LR", "FM"))


def command(*arguments, environment=(), **how):
    """`python -m nfm_tutorial` as a process of its own."""
    environment = {**os.environ, "TQDM_DISABLE": "1", **dict(environment)}
    call = [sys.executable, "-m", "nfm_tutorial", *map(str, arguments)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **how)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")
def test_ctrl_c_gives_one_line_and_keeps_the_finished_rows(small, tmp_path):
    out = tmp_path / "r.json"
    with command("reproduce", "--data", small, "--models", "LR", "--seeds", 10_000, "--out", out, text=True) as process:
        while "LR seed 0" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert error == f"interrupted; {len(rows)} finished rows are kept in {out}\n" and process.returncode == 130
    assert [row["model"] for row in rows[:2]] == ["constant", "LR"] and os.listdir(tmp_path) == ["r.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows reports a closed pipe in another way")
def test_a_pipe_that_closes_is_no_traceback(small):
    with command("reproduce", "--data", small, "--models", "LR") as process:
        assert process.stdout.readline().startswith(b"train 2,000")
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)


def test_a_terminal_that_knows_ascii_only_shows_everything(small, tmp_path):
    folder = tmp_path / "数据"
    folder.mkdir()
    for path in small.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    out = folder / "结果.json"
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    how = ("reproduce", "--data", folder, "--models", "LR", "--seeds", 2, "--out")
    for place, code in ((out, 0), (out, 0), (folder, 1)):
        with command(*how, place, environment=ascii_only) as process:
            shown, error = process.communicate()
        assert process.returncode == code and b"Traceback" not in error
        (shown + error).decode("ascii")
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 6


def test_threads_are_one_unless_asked_for_and_importing_sets_none(small, monkeypatch, capsys):
    short(monkeypatch)
    before = torch.get_num_threads()
    try:
        monkeypatch.setattr(os, "cpu_count", lambda: 3)
        for asked, used in (([], 1), (["--threads", "2"], 2), (["--threads", "100"], 3)):
            torch.set_num_threads(4)
            assert main(["reproduce", "--data", str(small), "--models", "LR", *asked]) == 0
            assert f"{used} threads" in capsys.readouterr().out
        assert main(["reproduce", "--data", str(small), "--threads", "0"]) == 1
        assert "threads must be a whole number of at least 1" in capsys.readouterr().err
    finally:
        torch.set_num_threads(before)
    code = "import os; import nfm_tutorial.__main__; print(os.environ.get('OMP_NUM_THREADS'))"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment, text=True) == "None\n"


def test_commands_in_the_texts_are_understood_and_name_the_folder_that_download_fills():
    root = Path(__file__).resolve().parents[1]
    texts = [root / "README.md", root / "data" / "README.md", *sorted((root / "docs").glob("*.md"))]
    texts += sorted((root / "notebooks").rglob("*.ipynb"))
    seen = []
    for path in texts:
        if ".ipynb_checkpoints" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        for command in re.findall(r"python -m nfm_tutorial ([^`\\\n]+)", text):
            words = shlex.split(command.rstrip(',"') if path.suffix == ".ipynb" else command)
            if "--help" not in words:
                seen.append(build_parser().parse_args(words))
    fetched = data_folder() / "downloads" / "frappe"
    for given in seen:
        if given.command == "reproduce":
            assert root / given.data == fetched
            assert given.out is None or (root / given.out).parent == fetched.parent, "not made by the download"
    every = {"download", "reproduce", "example", "train", "predict", "work", "doctor"}
    assert every <= {given.command for given in seen}
