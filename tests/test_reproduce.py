"""`reproduce` on libFM files written from planted truth, whose best losses are known, and its command line."""

import json
import re
from pathlib import Path

import pytest
import torch

from nfm_tutorial import reproduce as module
from nfm_tutorial.__main__ import build_parser, main
from nfm_tutorial.data import data_folder, planted_fields, planted_floors, planted_splits, write_libfm
from nfm_tutorial.encoding import Encoder, Examples
from nfm_tutorial.reproduce import MODELS, RECIPES, for_task, recipes, reproduce, run, table


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


@pytest.mark.parametrize("task, metric", [("regression", "rmse"), ("binary", "logloss")])
def test_recipes_reach_the_floors_of_planted_truth(tmp_path, task, metric):
    folder = folder_of_planted(tmp_path, task, 24_000, 40_000)
    floors = planted_floors(task)
    order = {"lr": 1, "fm": 2, "nfm": 3, "deepfm": 3}
    for row in quiet(folder, task=task, seeds=2):
        # Within 3 % of its own floor, and, the floors being 5 % and more apart, below the one before.
        floor = floors[order[row["model"]]]
        assert floor * 0.99 <= row["test"][metric] <= floor * 1.03, row
        assert row["test"][metric] < floors[order[row["model"]] - 1]


def test_row_has_the_promised_keys_and_json_holds_every_model_and_seed(small, tmp_path, monkeypatch):
    short(monkeypatch)
    out = tmp_path / "results.json"
    rows = quiet(small, ("lr", "fm"), "regression", seeds=2, out=out)
    assert json.loads(out.read_text(encoding="utf-8")) == rows
    assert [(row["model"], row["seed"]) for row in rows] == [("lr", 0), ("lr", 1), ("fm", 0), ("fm", 1)]
    keys = {"model", "task", "k", "seed", "setting", "valid", "test", "seconds", "epochs"}
    assert all(set(row) == keys for row in rows)
    assert rows[2]["test"] != rows[3]["test"], "the seed changes nothing"
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
    row = quiet(small, (model,), task, k=None if model == "lr" else 4, setting=setting)[0]
    assert row["k"] == (0 if model == "lr" else 4)
    assert set(row["test"]) == ({"rmse"} if task == "regression" else {"auc", "logloss"})


def test_the_best_recipe_on_validation_is_taken_and_the_test_set_plays_no_part(small, monkeypatch):
    good, bad = ({}, {"lr": 1e-2, "epochs": 3}), ({}, {"lr": 1e-7, "epochs": 1})
    parts = module.read_libfm_folder(small)
    for order in ([good, bad], [bad, good]):
        monkeypatch.setitem(RECIPES, ("fast", "regression", "lr"), order)
        assert run(parts, "lr", "regression")["epochs"] == 3
    no_test = [parts[0], parts[1], Examples(parts[2].ids, parts[2].values, -parts[2].target)]
    monkeypatch.setitem(RECIPES, ("fast", "regression", "lr"), [good, bad])
    assert run(no_test, "lr", "regression")["valid"] == run(parts, "lr", "regression")["valid"]


def test_regression_predictions_are_clipped_to_the_training_labels(small, monkeypatch):
    parts = module.read_libfm_folder(small)
    seen = {}
    monkeypatch.setattr(module, "predict", lambda *args, clip: seen.update(clip=clip) or parts[2].target.numpy())
    monkeypatch.setattr(module, "evaluate", lambda *args: {"rmse": 0.0})
    short(monkeypatch)
    run(parts, "lr", "regression")
    assert seen["clip"] == (-1.0, 1.0)


def test_for_task_turns_signs_into_classes():
    def labelled(*labels):
        return Examples(torch.ones(len(labels), 1, dtype=torch.int64), torch.ones(len(labels), 1), labels)

    assert for_task([labelled(-1.0, 1.0)], "binary")[0].target.tolist() == [0, 1]
    assert for_task([labelled(0.0, 1.0)], "binary")[0].target.tolist() == [0, 1]
    assert for_task([labelled(-1.0, 1.0)], "regression")[0].target.tolist() == [-1, 1]
    with pytest.raises(ValueError, match="labels -1 and 1, or 0 and 1; these files hold -1, 0.5, 1"):
        for_task([labelled(-1.0, 0.5, 1.0)], "binary")


def test_k_changes_the_recipe_and_nothing_else():
    (arguments, config), (changed, same) = (
        recipes("fast", "regression", "nfm")[0],
        recipes("fast", "regression", "nfm", k=256)[0],
    )
    assert (arguments["k"], arguments["dropout_bi"]) == (128, 0.3)
    assert (changed["k"], changed["dropout_bi"]) == (256, 0.5)
    assert config == same


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"models": ["svm"]}, "no recipe for setting 'fast', task 'regression', model 'svm'"),
        ({"models": []}, "name at least one model"),
        ({"seeds": 0}, "seeds is how many random starts"),
        ({"k": 0}, "k is the embedding size"),
        ({"setting": "slow"}, "settings: fast, paper"),
    ],
)
def test_bad_arguments_are_refused_before_any_training(small, kwargs, message):
    with pytest.raises(ValueError, match=message):
        quiet(small, **kwargs)


def test_a_missing_folder_for_the_results_is_found_before_training(small, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        quiet(small, out=tmp_path / "nowhere" / "results.json")


def test_published_numbers_stand_only_beside_the_papers_own_data():
    row = {"model": "nfm", "task": "regression", "k": 128, "seed": 0, "setting": "fast", "seconds": 1.0, "epochs": 2}
    row |= {"valid": {"rmse": 0.5}, "test": {"rmse": 0.25}}
    other = {**row, "seed": 1, "test": {"rmse": 0.35}}
    text = table([row, other], frappe=True)
    assert "rmse 0.3000 ±0.0707" in text and "paper .3127" in text
    assert "paper" not in table([row], frappe=False)


def test_command_line_writes_results_and_prints_the_table(small, tmp_path, capsys, monkeypatch):
    short(monkeypatch)
    out = tmp_path / "r.json"
    assert main(["reproduce", "--data", str(small), "--models", "LR, fm", "--k", "4", "--out", str(out)]) == 0
    assert [row["k"] for row in json.loads(out.read_text(encoding="utf-8"))] == [0, 4]
    assert "train 2,000, validation 4,000, test 4,000 rows" in capsys.readouterr().out


def test_command_line_says_what_is_missing(tmp_path, capsys):
    assert main(["reproduce", "--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "train.libfm" in error and "Traceback" not in error


def test_an_interrupted_run_keeps_what_it_finished(small, tmp_path, monkeypatch):
    short(monkeypatch)
    real = module.run

    def run_until_fm(parts, model, *rest):
        if model == "fm":
            raise KeyboardInterrupt
        return real(parts, model, *rest)

    monkeypatch.setattr(module, "run", run_until_fm)
    out = tmp_path / "r.json"
    with pytest.raises(KeyboardInterrupt):
        quiet(small, ("lr", "fm"), out=out)
    assert [row["model"] for row in json.loads(out.read_text(encoding="utf-8"))] == ["lr"]


def test_commands_in_the_texts_are_understood_and_name_the_folder_that_download_fills():
    root = Path(__file__).resolve().parents[1]
    texts = [root / "README.md", root / "data" / "README.md", *sorted((root / "notebooks").rglob("*.ipynb"))]
    seen = []
    for path in texts:
        if ".ipynb_checkpoints" in path.parts:
            continue
        for command in re.findall(r"python -m nfm_tutorial ([^`\\\"\n]+)", path.read_text(encoding="utf-8")):
            seen.append(build_parser().parse_args(command.split()))
    fetched = data_folder() / "downloads" / "frappe"
    for given in seen:
        if given.command == "reproduce":
            assert root / given.data == fetched
            assert given.out is None or (root / given.out).parent == fetched.parent, "not made by the download"
    assert {given.command for given in seen} == {"download", "reproduce"}
