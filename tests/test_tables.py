"""Tables of your own: from a file to predictions, in other processes too, and what a messy file is told."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from nfm_tutorial import tables
from nfm_tutorial.__main__ import main
from nfm_tutorial.data import read_libfm
from nfm_tutorial.encoding import Encoder, Examples, Field
from nfm_tutorial.tables import Table, guess_fields, predict_file, read_examples
from nfm_tutorial.training import load, predict

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Your own data")[1].split("\n## ")[0]
FIELDS = (Field("user"), Field("tags", "multi"), Field("price", "numeric"))
CHOSEN = ["--categorical", "user", "--multi", "tags", "--numeric", "price", "--model", "fm", "--epochs", "1"]


def log(n=300, seed=0):
    rng = np.random.default_rng(seed)
    user = rng.integers(1, 30, n)
    return pd.DataFrame(
        {
            "user": np.where(rng.random(n) < 0.1, None, [f"{u:03d}" for u in user]),
            "tags": rng.choice(["x|y", "y", None, "x|z|w"], n),
            "price": np.where(rng.random(n) < 0.1, np.nan, rng.standard_normal(n).round(3)),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "weight": rng.integers(0, 3, n),
            "clicked": (user % 2 == 0) ^ (rng.random(n) < 0.1),
        }
    ).astype({"clicked": int})


@pytest.fixture
def clicks(tmp_path):
    path = tmp_path / "clicks.csv"
    log().to_csv(path, index=False)
    return path


def trained(path, tmp_path, *more, target="clicked"):
    out = tmp_path / "model.pt"
    target = [] if target is None else ["--target", target]
    return main(["train", "--data", str(path), *target, "--out", str(out), *more]), out


# --- what the README says -------------------------------------------------------------------------------------------


def test_the_lines_of_the_readme_run_as_they_stand_in_processes_of_their_own(tmp_path):
    blocks = re.findall(r"```(\w*)\n(.*?)```", SECTION, re.S)
    lines = [line for kind, text in blocks if kind == "" for line in text.splitlines()]
    fit_, load_, rank = (text for kind, text in blocks if kind == "python")
    assert len(lines) == 4 and all(line.startswith("python -m nfm_tutorial ") for line in lines)
    done = "\nimport numpy\nnumpy.save({!r}, {})\n"
    here = "import pandas as pd\nfrom nfm_tutorial.training import predict\nnew = pd.read_csv('new.csv', dtype=str)\n"
    here += "new['released'] = new['released'].astype(float)\n"
    scored = done.format("there.npy", "predict(model, encoder.transform(new), kind='probability')")
    commands = [[sys.executable, *shlex.split(line)[1:]] for line in lines]
    for code in (fit_ + here + scored, load_ + done.format("here.npy", "new['probability'].to_numpy()"), rank):
        commands.append([sys.executable, "-c", code])
    said = []
    for command in commands:
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
        assert ran.returncode == 0, ran.stderr
        warned = [line for line in ran.stderr.splitlines() if line.startswith("warning:")]
        assert all("of the values are unknown" in line for line in warned), warned  # new users, and nothing else
        said.append(ran.stdout)
    assert "guessed: --categorical user,item,released --multi tags" in said[1]
    first, second = re.findall(r"test +(\w+) +auc (\S+)", said[2])
    assert first == ("constant", "0.5000") and second[0] == "FM" and float(second[1]) > 0.7
    scores, new = pd.read_csv(tmp_path / "scores.csv"), pd.read_csv(tmp_path / "new.csv")
    assert len(scores) == len(new) > 1000 and scores["probability"].between(0, 1).all()
    model, encoder = load(tmp_path / "model.pt")
    known = new["item"].astype(str).isin(encoder.ids_of("item").index)
    assert 0 < known.sum() < len(new) and "clicked" not in new
    records = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert {"split": "test", "model": "constant", "metric": "auc", "value": 0.5} in records
    assert {"epoch", "split", "metric", "value"} == set(records[0])
    here, there = np.load(tmp_path / "here.npy"), np.load(tmp_path / "there.npy")
    assert here.shape == (len(new),) and np.array_equal(here, there), "equal predictions of two processes"
    ndcg, hits = (float(x) for x in re.findall(r"@10 (\S+)", said[-1]))
    assert 0.1 < ndcg < hits < 1, "10 of 100 candidates at random would give .045 and .1"


# --- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", [None, "day"])
def test_reading_in_parts_equals_the_encoder_on_the_whole(clicks, monkeypatch, time):
    monkeypatch.setattr(tables.Table.parts, "__defaults__", (17,))
    encoder = Encoder(FIELDS, "clicked", "weight")
    splits, task = read_examples(Table(clicks), encoder, time=time, seed=3)
    place, a, b = np.random.default_rng(3).permutation(300), 240, 270
    if time is not None:
        day = log()["day"].to_numpy()
        place[np.argsort(day, kind="stable")] = np.arange(300)
        a, b = ((day < np.sort(day)[end]).sum() for end in (240, 270))  # rows of one day stay together
        assert 230 < a < 240, "the case must cut through a day"
    assert task == "binary" and [len(part) for part in splits] == [a, b - a, 300 - b]
    frame = pd.read_csv(clicks, dtype={"user": str, "tags": str})
    frame = frame.iloc[np.argsort(place)]
    whole = Encoder(FIELDS, "clicked", "weight").fit(frame[:a])
    assert whole.fingerprint == encoder.fingerprint
    for part, rows in zip(splits, (frame[:a], frame[a:b], frame[b:])):
        for name in ("ids", "values", "target", "weight"):
            assert torch.equal(getattr(part, name), getattr(whole.transform(rows), name)), name
    assert (splits.test.weight == 0).any() and "007" in encoder.ids_of("user").index


def test_one_part_after_the_other_standardises_as_the_whole_does():
    frame = pd.DataFrame({"x": [1.0, 2.0, np.nan, np.nan, 30.0, 5.0]})
    parts = Encoder([Field("x", "numeric")]).fit(frame[i : i + 2] for i in range(0, 6, 2))
    assert parts.to_dict() == Encoder([Field("x", "numeric")]).fit(frame).to_dict()


def test_a_model_of_numbers_predicts_numbers(tmp_path, capsys):
    frame = log().assign(stars=lambda f: f["user"].fillna("0").astype(int) % 5 + 1)
    frame.to_csv(tmp_path / "stars.csv", index=False)
    more = ["--categorical", "user", "--lr", "0.05", "--batch-size", "32"]
    assert trained(tmp_path / "stars.csv", tmp_path, *more, target="stars")[0] == 0
    assert "constant rmse" in capsys.readouterr().out
    predict_file(tmp_path / "model.pt", tmp_path / "stars.csv", tmp_path / "scores.csv")
    model, encoder = load(tmp_path / "model.pt")
    scores = pd.read_csv(tmp_path / "scores.csv")["score"]
    assert scores.to_numpy() == pytest.approx(predict(model, encoder.transform(frame[["user"]].astype(object))))
    assert scores.corr(frame["stars"]) > 0.9


def test_a_messy_file_is_understood(tmp_path, capsys):
    frame = log().drop(columns="weight").assign(const="a", row=range(300), note='says "no; never"')
    frame = frame.rename(columns={"user": "用户", "price": "价格"})
    frame["clicked"] = frame["clicked"].map({1: "Yes", 0: "no"})
    frame.to_csv(tmp_path / "m.csv", index=False, sep=";", encoding="utf-8-sig")
    assert trained(tmp_path / "m.csv", tmp_path, "--model", "lr", "--epochs", "2")[0] == 0
    out = capsys.readouterr().out
    assert "guessed: --categorical 用户 --multi tags --numeric 价格\n" in out and "binary" not in out
    for why in ("day: dates; --time day", "const: one value only", "row: another value in every", "note: one value"):
        assert why in out
    ones = int((frame["clicked"] == "Yes").sum())
    found = [int(n) for n in re.findall(r"1: (\d+)", out)]
    assert sum(found) == ones and len(found) == 3
    frame.drop(columns="clicked").to_csv(tmp_path / "gb.csv", index=False, encoding="gb18030")
    arguments = ["predict", "--model", str(tmp_path / "model.pt"), "--data", str(tmp_path / "gb.csv")]
    arguments += ["--out", str(tmp_path / "s.csv")]
    assert main(arguments) == 1
    assert re.search("gb.csv: .*name its --encoding: gb18030", capsys.readouterr().err)
    assert not (tmp_path / "s.csv").exists()
    assert main([*arguments, "--encoding", "gb18030"]) == 0 and len(pd.read_csv(tmp_path / "s.csv")) == 300


@pytest.mark.parametrize(
    "change, more, message",
    [
        (None, ["--target", "click"], "clicks.csv: --target names the column of the labels, one of user, tags, price"),
        (None, ["--categorical", "usr"], "clicks.csv: no column 'usr'; the columns are 'user', 'tags'"),
        (None, ["--time", "when"], "clicks.csv: no column 'when'"),
        (None, ["--model", "svm"], "model 'svm' is unknown; choose one of 'LR'"),
        (None, ["--epochs", "0"], "epochs must be a whole number of at least 1"),
        (None, ["--split", "0.9,0.1"], "ratios must be three numbers above 0 that add up to 1"),
        (None, ["--out", "no/folder/model.pt"], "no/folder does not exist; make it first"),
        (None, ["--categorical", "user,clicked"], "'clicked' is the target, so it must not be a field"),
        (None, ["--multi", "tags", "--sep", ","], r"no text of column 'tags' has the separator ',', but some have '"),
        (("price", 7, "1,5"), [], "clicks.csv: column 'price', line 9: '1,5' is not a number"),
        (("clicked", 4, None), [], "clicks.csv: column 'clicked', line 6: nan is not a finite number; drop or fill"),
        (("clicked", 4, "buy"), [], "labels in 'clicked' such as '0', '1', 'buy' are no numbers; --positive says"),
        (("day", 250, None), ["--time", "day"], "clicks.csv: column 'day', line 252: nan is no time like '2024-"),
        (("day", 250, "soon"), ["--time", "day"], "'day', line 252: 'soon' is no time like '2024-.*; correct it"),
        (("weight", 2, -1), ["--weight", "weight"], "clicks.csv: .*the weight is -1.0; weights are 0 or more"),
        (("weight", 2, "x"), ["--weight", "weight"], "clicks.csv: column 'weight', line 4: 'x' is not a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_before_training(tmp_path, capsys, monkeypatch, change, more, message):
    monkeypatch.setattr(tables, "fit", None)
    frame = log()
    if change is not None:
        frame[change[0]] = frame[change[0]].astype(object)
        frame.loc[change[1], change[0]] = change[2]
    frame.to_csv(tmp_path / "clicks.csv", index=False)
    code, out = trained(tmp_path / "clicks.csv", tmp_path, *CHOSEN, *more)
    said = capsys.readouterr().err
    assert code == 1 and re.search(message, said), said
    assert not out.exists() and "Traceback" not in said


def test_a_split_by_time_needs_three_times(tmp_path, capsys):
    pd.DataFrame({"user": [1, 2] * 50, "day": 1, "clicked": [0, 1] * 50}).to_csv(tmp_path / "clicks.csv", index=False)
    assert trained(tmp_path / "clicks.csv", tmp_path, "--categorical", "user", "--time", "day")[0] == 1
    assert "100 rows are too few for a training, a validation and a test part; rows of one" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "clicks.csv: No columns to parse"),
        ("user,clicked\n1,0\n", "clicks.csv: 1 rows are too few"),
        ("user,clicked\n" + "a,1\nb,1\n" * 20, "all labels of the train part are the same; use more rows"),
        ("user,clicked\na,1\nb,0,3,4\n", r"Expected 2 fields in line 3, saw 4\W.*in quotes"),
    ],
)
def test_files_that_hold_no_table_are_refused(tmp_path, capsys, text, message):
    (tmp_path / "clicks.csv").write_text(text)
    assert trained(tmp_path / "clicks.csv", tmp_path, "--categorical", "user")[0] == 1
    assert re.search(message, said := capsys.readouterr().err.replace("\n", " ")), said


def test_a_file_that_is_not_there_and_a_column_that_new_rows_lack(clicks, tmp_path, capsys):
    assert trained(tmp_path / "none.csv", tmp_path)[0] == 1
    assert "there is no file" in capsys.readouterr().err
    assert trained(clicks, tmp_path, *CHOSEN)[0] == 0
    log().drop(columns="tags").to_csv(tmp_path / "new.csv", index=False)
    arguments = ["predict", "--model", str(tmp_path / "model.pt"), "--out", str(tmp_path / "s.csv"), "--data"]
    assert main([*arguments, str(tmp_path / "new.csv")]) == 1
    assert "new.csv: no column 'tags'; the columns are 'user', 'price'" in capsys.readouterr().err
    (tmp_path / "rows.libfm").write_text("1 0:1\n")
    assert main([*arguments, str(tmp_path / "rows.libfm")]) == 1
    assert "was trained on a table" in capsys.readouterr().err
    assert not (tmp_path / "s.csv").exists()


def test_kinds_are_guessed_from_values():
    frame = log().assign(flag=lambda f: f["clicked"] == 1, count=lambda f: f["price"].round())
    fields, reasons = guess_fields(frame.assign(day=frame["day"].astype(str)))
    kinds = {field.name: field.kind for field in fields}
    assert {"tags": "multi", "price": "numeric"}.items() <= kinds.items() and list(reasons) == ["day"]
    assert {name for name in kinds if kinds[name] == "categorical"} == {"user", "weight", "clicked", "flag", "count"}


def test_parquet_reads_as_the_same_table_or_says_what_is_missing(tmp_path, clicks):
    path = tmp_path / "clicks.parquet"
    try:
        log().to_parquet(path)
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(ValueError, match="clicks.parquet: .*pyarrow"):
            Table(path)
        return
    here, there = (read_examples(Table(p), Encoder(FIELDS, "clicked"))[0] for p in (path, clicks))
    assert all(torch.equal(a.ids, b.ids) and torch.equal(a.values, b.values) for a, b in zip(here, there))


# --- libFM ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--hash", "50"), ("--model", "deepfm")])
def test_libfm_files_are_trained_on_and_predicted(tmp_path, capsys, more):
    rng = np.random.default_rng(0)
    lines = [f"{1 if i % 2 else -1} {i % 2}:1 {rng.integers(2, 900)}:1 {901 + i % 7}:0.5" for i in range(400)]
    (tmp_path / "a.libfm").write_text("\n".join(lines))
    assert trained(tmp_path / "a.libfm", tmp_path, "--lr", "0.05", "--batch-size", "64", *more, target=None)[0] == 0
    (tmp_path / "shorter.libfm").write_text("\n".join(line.rsplit(" ", 1)[0] for line in lines))
    for name in ("a.libfm", "shorter.libfm"):  # DeepFM was built for three slots, whatever new lines have
        predict_file(tmp_path / "model.pt", tmp_path / name, tmp_path / "scores.csv")
        score = pd.read_csv(tmp_path / "scores.csv")["probability"]
        assert score[1::2].mean() > score[::2].mean() + 0.2
    if "--hash" in more:
        assert load(tmp_path / "model.pt")[0].config["n_features"] == 51


# --- hashing ----------------------------------------------------------------------------------------------------------


def test_hashed_ids_are_the_same_in_every_process_and_for_every_type():
    encoder = Encoder([Field("user", hash_buckets=1000), Field("tags", "multi", hash_buckets=10)])
    encoder.fit(pd.DataFrame({"user": ["7"], "tags": ["a|b"]}))
    assert encoder.n_features == 1 + 1001 + 11
    frame = pd.DataFrame({"user": ["7", "new", None], "tags": ["a|b|c", None, "z"]})
    examples = encoder.transform(frame)
    code = "from nfm_tutorial.encoding import hash_bucket; print(hash_bucket(['7', 'new'], 1000).tolist())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert [i - 2 for i in examples.ids[:2, 0].tolist()] == json.loads(said)
    assert examples.ids[2, 0] == 1 and examples.values[1, 1:].tolist() == [0, 0]  # missing: the unknown id; nothing
    assert encoder.id_of("user", 7) == encoder.id_of("user", 7.0) == encoder.id_of("user", "7") == examples.ids[0, 0]
    assert encoder.name_of(2) == "user=bucket 0"
    assert Encoder.from_dict(json.loads(json.dumps(encoder.to_dict()))).fingerprint == encoder.fingerprint
    with pytest.raises(ValueError, match="field 'user' is hashed"):
        encoder.ids_of("user")
    with pytest.raises(ValueError, match="'price': hash_buckets is for values, and this field holds numbers"):
        Field("price", "numeric", hash_buckets=5)
    with pytest.raises(ValueError, match="hash_buckets must be a whole number of at least 1"):
        Field("user", hash_buckets=0)


def test_buckets_are_filled_evenly_and_collide_as_often_as_documented():
    m, n = 20_000, 100_000
    words = [f"user {i}" for i in range(m)]
    encoder = Encoder([Field("u", hash_buckets=n)]).fit(pd.DataFrame({"u": words}))
    counts = np.bincount(encoder.transform(pd.DataFrame({"u": words})).ids[:, 0], minlength=n + 2)
    assert counts[counts > 1].sum() / m == pytest.approx(1 - np.exp(-m / n), abs=0.01)


def test_a_fingerprint_tells_hashed_from_learned_and_older_files_keep_theirs():
    frame = pd.DataFrame({"u": ["a", "b"], "label": [0, 1]})
    plain = Encoder(["u"]).fit(frame)
    assert "hash_buckets" not in plain.to_dict()["fields"][0] and "weight" not in plain.to_dict()
    assert plain.fingerprint != Encoder([Field("u", hash_buckets=2)]).fit(frame).fingerprint


def test_libfm_ids_are_hashed_into_so_many(tmp_path):
    (tmp_path / "a.libfm").write_text("1 5:1 2000000000:2\n0 5:3\n")
    examples = read_libfm(tmp_path / "a.libfm", hash_buckets=100)
    assert examples.n_features == 101 and examples.ids[0, 0] == examples.ids[1, 0] > 0
    assert examples.values.tolist() == [[1, 2], [3, 0]] and examples.ids[1, 1] == 0


# --- weights, single rows, long cells ----------------------------------------------------------------------------


def test_weights_go_where_their_rows_go():
    frame = pd.DataFrame({"u": list("abca"), "w": [1, 0, 2.5, 1], "label": [0, 1, 0, 1]})
    encoder = Encoder(["u"], weight="w")
    examples = encoder.fit_transform(frame)
    assert examples.weight.dtype == torch.float32 and examples[1:3].weight.tolist() == [0, 2.5]
    assert examples[[3, 2]].to("cpu").weight.tolist() == [1, 2.5]
    assert encoder.transform(frame.drop(columns="w")).weight is None
    assert encoder.transform(frame[1:2]).weight.tolist() == [0], "a few rows may all count nothing"
    assert Encoder.from_dict(encoder.to_dict()).weight == "w"
    assert encoder.fingerprint == Encoder(["u"]).fit(frame).fingerprint


@pytest.mark.parametrize(
    "weight, message",
    [
        ([1.0], r"weight has shape \(1,\), expected \(2,\)"),
        ([1.0, np.nan], "row 1: the weight is nan, not a finite number"),
        ([1.0, -2.0], "row 1: the weight is -2.0; weights are 0 or more"),
        ([0.0, 0.0], "all weights are 0, so no example counts"),
    ],
)
def test_bad_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        Examples([[1], [2]], [[1.0], [1.0]], [0, 1], weight=weight)
    with pytest.raises(ValueError, match="'u' is the weight, so it must not be a field"):
        Encoder(["u"], weight="u")


class Unread(list):
    def __iter__(self):
        raise AssertionError("one row must not read the whole vocabulary")


def test_one_row_does_not_read_the_whole_vocabulary():
    users, tags = np.arange(5000), [f"t{i}" for i in range(5000)]
    encoder = Encoder(["user", Field("tags", "multi")]).fit(pd.DataFrame({"user": users, "tags": tags}))
    rows = pd.DataFrame({"user": [17, 99_999], "tags": ["t3|t4999|no", None]})
    expected = encoder.transform(pd.concat([rows, rows] * 200)).ids[:2]
    encoder._vocabulary = [Unread(words) for words in encoder._vocabulary]
    assert torch.equal(torch.cat([encoder.transform(rows[i : i + 1]).ids for i in (0, 1)]), expected)
    assert encoder.id_of("user", 4999) == 5001 and encoder.id_of("user", "4999") == encoder.spans[0].start


def test_a_long_cell_asks_for_max_values():
    cells = ["a"] * 25_000
    cells[123] = "|".join(map(str, range(500)))
    with pytest.raises(ValueError, match=r"'tags' has a cell of 500 values, and 1.0 on average.*max_values=10"):
        Encoder([Field("tags", "multi")]).fit(pd.DataFrame({"tags": cells}))
    assert Encoder([Field("tags", "multi", max_values=3)]).fit_transform(pd.DataFrame({"tags": cells})).n_slots == 3
