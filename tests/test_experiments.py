"""Open experiments: the form of a report is judged, results and progress survive a kernel, and never break a check."""

import ast
import json
import os
import re

import numpy as np
import pytest
import torch

from nfm_tutorial import exercises
from nfm_tutorial.exercises import TODO, check, experiments, language, progress, report, summary
from nfm_tutorial.exercises.exercise import Experiment
from nfm_tutorial.exercises.registry import COURSE, EXERCISES, EXPERIMENT, EXPERIMENTS
from nfm_tutorial.metrics import paired_interval

ID = EXPERIMENTS["how_large_a_k"].id
GOOD = {"a": "k=4", "b": "k=16", "metric": "validation AUC", "setting": {"epochs": 4}}
BELOW, ABOVE, AROUND = [-0.03, -0.02, -0.025], [0.03, 0.02, 0.025], [0.01, -0.02, 0.015, 0.0]


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch):
    monkeypatch.setattr(experiments, "_results", {})
    for name in ("_status", "_wrong_tries", "_given"):
        monkeypatch.setattr(exercises, name, {})


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """A progress file, as in a reader's kernel."""
    path = tmp_path / progress.NAME
    monkeypatch.setattr(progress, "place", lambda: path)
    return path


def restart():
    experiments._results.clear(), exercises._status.clear(), exercises._wrong_tries.clear()


def said(**changed):
    return report("how_large_a_k", **{**GOOD, "differences": ABOVE, "conclusion": "A better", **changed})


@pytest.mark.parametrize("values, conclusion", [(ABOVE, 0), (BELOW, 1), (AROUND, 2)])
@pytest.mark.parametrize(
    "id, metric, higher", [("how_large_a_k", "validation AUC", True), ("k_or_init_std", "log loss", False)]
)
def test_a_conclusion_must_agree_with_the_interval(values, conclusion, id, metric, higher):
    right = experiments.CONCLUSIONS[conclusion if higher or conclusion == 2 else 1 - conclusion]
    for claimed in experiments.CONCLUSIONS:
        found = report(id, **{**GOOD, "metric": metric}, differences=values, conclusion=claimed)
        assert bool(found) == (claimed == right)
        assert found.verdict.status == ("reported" if claimed == right else "not right yet")
        assert found.verdict.mistake == ("" if claimed == right else "disagrees")
        assert f"{'higher' if higher else 'lower'} {metric} is better" in repr(found)


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"differences": [0.1, 0.2]}, "at least 3 seeds"),
        ({"differences": []}, "at least 3 seeds"),
        ({"differences": [0.1, float("nan"), 0.2]}, "Difference 2 is not a finite number"),
        ({"differences": [0.1, 0.1, 0.1]}, "the same number, 0.1"),
        ({"differences": [[0.1, 0.2, 0.3]]}, "shape (1, 3)"),
        ({"differences": "0.1"}, "differences is text"),
        ({"differences": [0.001, -1.82, 0.002]}, "Difference 2 is -1.82: impossible"),
        ({"metric": TODO}, "metric is not named"),
        ({"metric": "accuracy"}, "metric is not named"),
        ({"a": ""}, "what A is"),
        ({"b": TODO}, "what B is"),
        ({"b": "k=4 "}, "the same name"),
        ({"setting": {}}, "setting is missing"),
        ({"setting": TODO}, "setting is missing"),
        ({"seeds": [0, 1]}, "3 different seeds"),
        ({"seeds": [0, 1, 1]}, "3 different seeds"),
        ({"conclusion": TODO}, "still missing"),
        ({"conclusion": "A wins"}, "none of the three"),
    ],
)
def test_what_is_wrong_is_named(changed, words):
    found = said(**changed)
    assert found.verdict.status == "not right yet" and words in found.verdict.message and found.verdict.hint
    assert not found.rows and found._repr_html_()


@pytest.mark.parametrize(
    "id, metric, widest",
    [
        ("how_large_a_k", "validation AUC", 1),
        ("capstone", "test NDCG@10", 1),
        ("capstone", "test HR@10", 1),
        ("one_field_less", "AUC lost", 2),  # a difference itself
        ("k_or_init_std", "log loss", np.inf),
        ("capstone", "test RMSE", np.inf),
    ],
)
def test_only_a_metric_with_bounds_has_impossible_differences(id, metric, widest):
    for values in ([0.2, 0.3, 1.0], [0.2, -1.01, 0.3], [0.2, 0.3, 2.0], [0.2, 2.01, 0.3], [0.2, 3e4, 0.3]):
        found = report(id, **{**GOOD, "metric": metric}, differences=values, conclusion=TODO).verdict
        assert (found.mistake == "impossible") == (max(map(abs, values)) > widest), (values, found)
    found = report(id, **{**GOOD, "metric": metric}, differences=[1e308, -1e308, 1.7e308]).verdict
    assert ("impossible" if widest < 3 else "too large") in found.message


def test_a_report_that_replaces_an_earlier_one_says_so():
    assert "replaces" not in said().line
    assert "replaces" not in said().line  # the cell was run again, with the same result
    found = said(differences=[0.05, 0.06, 0.07])
    assert "replaces an earlier result" in found.line and "+0.025 [" in found.line and len(found.rows) == 1
    assert "replaces" not in said(b="k=32").line
    assert "replaces" not in said(differences=BELOW).line  # not right yet: nothing is recorded
    assert [row["mean"] for row in said(b="k=32").rows] == pytest.approx([0.06, 0.025])


@pytest.mark.parametrize("values", [tuple(ABOVE), np.array(ABOVE), torch.tensor(ABOVE, requires_grad=True)], ids=type)
def test_differences_and_conclusions_may_be_written_in_several_ways(values):
    assert said(differences=values, conclusion=" a is better.", metric="Validation auc", seeds=(5, 6, 7))


@pytest.mark.parametrize("values, n", [(ABOVE, 0), (BELOW, 1), (AROUND, 2)])
def test_a_conclusion_may_be_written_as_the_table_shows_it(values, n):
    with language.speaking(language.CHINESE):
        written = language.say(experiments.CONCLUSIONS[n])
        assert written != experiments.CONCLUSIONS[n] and said(differences=values, conclusion=f"{written}。")
        assert said(differences=values, conclusion=f"「{written[0]} {written[1:]}」")
    assert not said(differences=values, conclusion=written)


def test_the_table_has_mean_interval_seeds_and_setting_of_every_result():
    said(), said(b="k=32", differences=AROUND, conclusion="no difference", seeds=[3, 5, 6, 9])
    found = said(differences=[0.05, 0.06, 0.07], setting={"epochs": 4})  # replaces the first
    assert [(row["b"], row["seeds"], row["setting"]) for row in found.rows] == [
        ("k=32", "3, 5, 6, 9", "epochs=4"),
        ("k=16", "0 to 2", "epochs=4"),
    ]
    assert [found.rows[1][key] for key in ("mean", "low", "high")] == list(paired_interval([0.05, 0.06, 0.07]))
    assert repr(found).splitlines()[-1].split() == (
        "k=4 k=16 validation AUC 0 to 2 +0.06 [+0.0352, +0.0848] A better epochs=4".split()
    )
    assert "<script>" not in said(a="<script>")._repr_html_()


def test_not_attempted_unknown_and_check():
    assert repr(report("how_large_a_k")) == f"{ID} {EXPERIMENTS[ID].title}: not attempted yet"
    assert report("how_large_a_k", differences=[TODO, 1]).verdict.status == "not attempted yet"
    for key in ("9.9", "pool_by_identity", None, 2.7):
        assert report(key, differences=ABOVE).verdict.status == "unknown exercise"
    assert 'report("4.6"' in report(4.6).verdict.hint and repr(report(1.6)).startswith("report: unknown")
    assert report("how_large_a_k").verdict.id == ID and "report(" in check("how_large_a_k", 1).hint


def test_summary_has_a_line_for_it():
    assert summary("2").experiments == ((ID, EXPERIMENTS["how_large_a_k"].title, "not attempted yet"),)
    said()
    shown = summary("2")
    done = f"0 of {len(COURSE['2'])} exercises done"
    assert repr(shown).splitlines()[0] == f"{done}; open experiments: 1 of 1 reported" and done in shown._repr_html_()
    assert repr(summary("3")).splitlines()[0] == f"0 of {len(COURSE['3'])} exercises done"
    assert "reported (1 result)" in repr(shown)
    assert "reported (1 result)" in shown._repr_html_() and summary("D7").experiments == ()


@pytest.mark.parametrize("id", EXPERIMENTS)
def test_declaration_is_complete(id):
    experiment = EXPERIMENTS[id]
    chapter = id.split(".")[0]
    assert isinstance(experiment, Experiment) and EXPERIMENT[chapter] == experiment.name
    assert id == f"{chapter}.{len(COURSE[chapter]) + 1}" and len(experiment.rubric) == 3
    assert all(experiment.metrics[metric] in (True, False) for metric in experiment.metrics)
    cell = {"TODO": TODO, "report": lambda key, **given: cell.update(key=key, given=given)}
    exec(experiment.stub, cell)  # quick as it stands
    assert cell["key"] == id and cell["given"]["metric"] in experiment.metrics
    assert report(id, **cell["given"]).verdict.status == "not attempted yet"
    comment = [line[2:] for line in experiment.stub.splitlines() if line.startswith("# ")]
    assert 0 < len(comment) <= 10 and len(experiment.stub.splitlines()) <= 25
    ast.parse("\n".join(comment))
    assert re.search(r"for seed in range\((\d+)\)", comment[-1])[1] == str(len(cell["given"]["seeds"]))


def test_progress_and_results_survive_a_restart(kept):
    assert check("fm_by_hand", -9.5) and not check("fm_gradient", lambda V, x: V) and said()
    assert not check("how_many_pairs", TODO)
    restart()
    assert report("how_large_a_k").rows[0]["conclusion"] == "A better"
    assert {id: status for id, _, status in summary("1").rows if status != "not attempted yet"} == {
        EXERCISES["fm_by_hand"].id: "correct (earlier)",
        EXERCISES["fm_gradient"].id: "not right yet (earlier)",
    }
    assert summary("1").n_correct == 1 and "reported (1 result)" in repr(summary("2")) and summary()._repr_html_()
    check("fm_by_hand", TODO)  # Run All of a fresh copy takes nothing away
    assert summary("1").n_correct == 1
    check("fm_by_hand", 0)
    restart()
    assert summary("1").n_correct == 0
    assert said(b="k=32").rows[0]["b"] == "k=16"  # the earlier one first
    assert set(json.loads(kept.read_text())["exercises"]) == {"fm_by_hand", "fm_gradient"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"exercises": 3, "experiments": 0}', '{"experiments": {"how_large_a_k": [1, {}]}}']
)
def test_a_corrupt_file_breaks_nothing(kept, text):
    kept.write_text(text)
    assert summary("1").n_correct == 0 and report("how_large_a_k").rows == ()
    assert check("fm_by_hand", -9.5) and said()
    restart()
    assert summary("1").n_correct == 1 and len(report("how_large_a_k").rows) == 1


def test_a_place_that_cannot_be_written_breaks_nothing(kept, capfd):
    kept.mkdir()
    assert check("fm_by_hand", -9.5) and said()
    assert summary("1").n_correct == 1 and len(report("how_large_a_k").rows) == 1
    assert capfd.readouterr().err == ""


def test_there_is_no_file_under_pytest_in_the_tool_and_outside_a_notebook(monkeypatch):
    class Shell:
        kernel = object()

    import IPython

    monkeypatch.setattr(IPython, "get_ipython", Shell)
    assert "PYTEST_VERSION" in os.environ and progress.place() is None  # kernels of nbval inherit it
    monkeypatch.delenv("PYTEST_VERSION")
    assert progress.place().name == ".progress.json"
    monkeypatch.setenv("NFM_TUTORIAL_PROGRESS", "off")  # tools/execute_notebooks.py sets it
    assert progress.place() is None
    monkeypatch.delenv("NFM_TUTORIAL_PROGRESS")
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    assert progress.place() is None
