"""MovieLens: the shipped tables, and the learning task built from them. This module knows no model."""

import functools
import gzip
import io
import os
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from ..checks import one_of, seed_number, shares_of_parts, whole_number
from ..encoding import Field
from .splits import Splits

RATINGS_FILE, MOVIES_FILE = "ratings.csv.gz", "movies.csv.gz"
GET_AGAIN = "Get the file again: `git checkout -- data` restores it."


def data_folder() -> Path:
    """Where the tables are: the environment variable NFM_TUTORIAL_DATA if set, else data/ beside the package."""
    chosen = os.environ.get("NFM_TUTORIAL_DATA")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "data"


def load_ratings(folder: str | os.PathLike | None = None) -> pd.DataFrame:
    """The 100,004 ratings: user (int), movie (int), rating (0.5 to 5.0 stars), timestamp (seconds since 1970, UTC).

    Sorted by user, then movie. `folder` defaults to `data_folder()`.
    Raises FileNotFoundError if the table is not there, ValueError naming file and line if it is damaged.
    """
    return _ratings(*_read(folder, RATINGS_FILE)).copy()


@functools.lru_cache(maxsize=1)  # by the bytes of the file: parsing takes a third of a second, and notebooks load often
def _ratings(packed: bytes, where: Path) -> pd.DataFrame:
    table = _table(packed, where, ("user", "movie", "rating", "timestamp"))
    for column, high in {"user": np.inf, "movie": np.inf, "timestamp": 2.0**40}.items():
        table[column] = _numbers(table[column], where, 0, high).astype(np.int64)
    table["rating"] = _numbers(table["rating"], where, 0.5, 5.0, step=0.5)
    return _without_repeats(table, ["user", "movie"], where)


def load_movies(folder: str | os.PathLike | None = None) -> pd.DataFrame:
    """The 9,066 movies: movie (int), title (text), year of release (Int64), genres ("Action|Drama").

    Sorted by movie. Five movies have neither title nor year (<NA>). `folder` defaults to `data_folder()`.
    Raises FileNotFoundError if the table is not there, ValueError naming file and line if it is damaged.
    """
    return _movies(*_read(folder, MOVIES_FILE)).copy()


@functools.lru_cache(maxsize=1)
def _movies(packed: bytes, where: Path) -> pd.DataFrame:
    table = _table(packed, where, ("movie", "title", "year", "genres"))
    nameless = (table["genres"] == "").to_numpy()
    if nameless.any():
        raise ValueError(f"{where}, line {nameless.argmax() + 2}: genres is empty. {GET_AGAIN}")
    table["movie"] = _numbers(table["movie"], where, 0, np.inf).astype(np.int64)
    table["title"] = table["title"].mask(table["title"] == "", pd.NA)
    table["year"] = pd.Series(_numbers(table["year"], where, 1870, 2100, empty_ok=True)).astype("Int64")
    return _without_repeats(table, ["movie"], where)


def _read(folder, name: str) -> tuple[bytes, Path]:
    """The bytes of a table's file, and its path for messages."""
    path = Path(data_folder() if folder is None else folder) / name
    if not path.is_file():
        remedy = "if you keep them elsewhere, pass folder=... or set the environment variable NFM_TUTORIAL_DATA"
        raise FileNotFoundError(f"{path} is not there. The tables belong to the repository, in data/; {remedy}.")
    return path.read_bytes(), path


def _table(packed: bytes, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """The columns of a .csv.gz file as text."""
    try:
        text = gzip.decompress(packed).decode("utf-8")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is truncated or damaged ({error}). {GET_AGAIN}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: this is not UTF-8 text. {GET_AGAIN}") from error
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path}: {str(error).strip()}. {GET_AGAIN}") from error
    if missing := [column for column in columns if column not in table.columns]:
        have = ", ".join(map(str, table.columns))
        raise ValueError(f"{path}, line 1: there is no column {missing[0]!r}, only {have}. {GET_AGAIN}")
    if table.empty:
        raise ValueError(f"{path} has a header but no rows. {GET_AGAIN}")
    return table[list(columns)].copy()


def _numbers(text: pd.Series, where: Path, low: float, high: float, step=1.0, empty_ok=False) -> np.ndarray:
    """Text as numbers; ValueError naming file, line, column and value of the first that is not as stated."""
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        good = (numbers >= low) & (numbers <= high) & (numbers % step == 0)
    if empty_ok:
        good |= (text == "").to_numpy()
    if not good.all():
        row = int((~good).argmax())
        limits = f"{low:g} or more" if np.isinf(high) else f"from {low:g} to {high:g}"
        expected = f"expected a number {limits} in steps of {step:g}{', or nothing' if empty_ok else ''}"
        raise ValueError(f"{where}, line {row + 2}: {text.name} is {text.iloc[row]!r}, {expected}. {GET_AGAIN}")
    return numbers


def _without_repeats(table: pd.DataFrame, key: list[str], where: Path) -> pd.DataFrame:
    repeated = table.duplicated(key).to_numpy()
    if repeated.any():
        row = int(repeated.argmax())
        found = ", ".join(f"{column} {table[column].iloc[row]}" for column in key)
        raise ValueError(f"{where}, line {row + 2}: {found} occurs for the second time. {GET_AGAIN}")
    return table


def movielens(
    negatives: str = "uniform", n_negatives: int = 2, split: str = "random",
    ratios: tuple[float, float, float] = (0.7, 0.2, 0.1), seed: int = 0, folder: str | os.PathLike | None = None,
) -> Splits:  # fmt: skip
    """The learning task "which movies does this user rate?", split in training, validation and test rows.

    Every rating is a positive (label 1). Each one gets `n_negatives` negatives (label 0): movies that the user
    never rated in any part, with the positive's user and timestamp. No pair of user and movie is in two parts: each
    user's unseen movies are first dealt out to the three parts, then each part draws from its own share. So a test
    row is always a pair that training never saw.

    negatives: "uniform": every unseen movie is equally likely; a user's negatives repeat only when the unseen movies
        run out. "popularity": a movie is drawn in proportion to its number of ratings, with repeats, so that
        popularity alone hardly tells positives from negatives.
    n_negatives: negatives per positive.
    split: "random": rows are dealt out at random. "time": of each user's ratings the earliest go to training and
        the latest to test (ties in random order); negatives go where their positive goes.
    ratios: shares of training, validation and test; they add up to 1.
    seed: equal arguments give equal tables.
    folder: as for `load_ratings`.

    Returns three DataFrames with columns user, movie, genres ("Action|Drama"), decade of release ("1990s", or None),
    year of the rating, timestamp, label. Rows are in random order for split="random", else by user and time.
    Raises ValueError for an argument that can't be used, and what `load_ratings` and `load_movies` raise.
    """
    one_of("negatives", negatives, ("uniform", "popularity"))
    one_of("split", split, ("random", "time"))
    n_negatives, seed = whole_number("n_negatives", n_negatives, 1), seed_number(seed)
    ratios = shares_of_parts(ratios)
    ratings, movies = load_ratings(folder), load_movies(folder)
    rng = np.random.default_rng(seed)
    user, position = ratings["user"].to_numpy(), pd.Index(movies["movie"]).get_indexer(ratings["movie"])
    if (position < 0).any():
        lost = ratings["movie"].iloc[int((position < 0).argmax())]
        raise ValueError(f"{RATINGS_FILE} rates movie {lost}, which is missing in {MOVIES_FILE}: get both files again")

    shape = (len(ratings), 1 + n_negatives)  # column 0 is the positive, the others are its negatives
    if split == "random":
        order = rng.permutation(shape[0] * shape[1])
        part = np.empty(order.shape, dtype=np.int64)
        part[order] = _part_of_rank(np.arange(len(order)), len(order), ratios)
    else:
        by_time = np.lexsort((rng.random(len(user)), ratings["timestamp"], user))
        order = (by_time[:, None] * shape[1] + np.arange(shape[1])).ravel()
        part = np.repeat(_part_in_time(user, by_time, ratios), shape[1])
    part = part.reshape(shape)

    weight = np.bincount(position, minlength=len(movies)) if negatives == "popularity" else None
    drawn = _draw_negatives(user, position, part[:, 1:], ratios, len(movies), weight, rng)
    rows = _rows(ratings, movies, np.column_stack([position, drawn]))
    part = part.ravel()[order]
    frames = [rows.iloc[order[part == p]].reset_index(drop=True) for p in range(3)]
    for name, frame in zip(Splits._fields, frames, strict=True):
        if frame.empty:
            raise ValueError(f"ratios={ratios} leave no row for the {name} part; give it a larger share")
    return Splits(*frames)


def movielens_fields() -> tuple[Field, ...]:
    """The fields of the `movielens` task: user, movie, up to 3 genres, decade of release, year of the rating."""
    return Field("user"), Field("movie"), Field("genres", "multi", max_values=3), Field("decade"), Field("year")


def _part_of_rank(rank: np.ndarray, count: np.ndarray | int, ratios) -> np.ndarray:
    """0, 1 or 2 (training, validation, test) for the `rank`-th of `count` things in order."""
    first, second = np.rint(count * ratios[0]), np.rint(count * (ratios[0] + ratios[1]))
    return (rank >= first).astype(np.int64) + (rank >= second)


def _part_in_time(user: np.ndarray, by_time: np.ndarray, ratios) -> np.ndarray:
    """The part of each rating when every user's ratings, in the order `by_time` (users in turn), are cut in three."""
    _, starts, counts = np.unique(user[by_time], return_index=True, return_counts=True)
    rank = np.arange(len(user)) - np.repeat(starts, counts)
    part = np.empty(len(user), dtype=np.int64)
    part[by_time] = _part_of_rank(rank, np.repeat(counts, counts), ratios)
    return part


def _draw_negatives(user, movie, part, ratios, n_movies, weight, rng) -> np.ndarray:
    """Unseen movies for every rating, each from its own part's share of that user's unseen movies.

    user, movie: (ratings,), movies as 0 to n_movies - 1. part: (ratings, n_negatives), the part of each negative.
    weight: (n_movies,) for draws in proportion to it, or None for uniform draws.
    """
    drawable = np.arange(n_movies) if weight is None else np.flatnonzero(weight)
    order = np.argsort(user, kind="stable")
    starts = np.unique(user[order], return_index=True)[1]
    drawn = np.empty(part.shape, dtype=np.int64)
    for rows in np.split(order, starts[1:]):  # the ratings of one user
        unseen = rng.permutation(np.delete(drawable, np.searchsorted(drawable, movie[rows])))
        share = _part_of_rank(np.arange(len(unseen)), len(unseen), ratios)
        part_of_user = part[rows]
        negatives = np.empty(part_of_user.shape, dtype=np.int64)
        for p in range(3):
            wanted, pool = part_of_user == p, unseen[share == p]
            size = np.count_nonzero(wanted)
            if size and not len(pool):
                few = f"too few to draw negatives for the {Splits._fields[p]} part. Leave this user out."
                rated = f"user {user[rows[0]]} rated {len(rows)} of {len(drawable)} movies"
                raise ValueError(f"{rated}: the {len(unseen)} others are {few}")
            if weight is None:
                negatives[wanted] = np.resize(pool, size)  # the pool is in random order; repeats it if too short
            elif size:
                negatives[wanted] = rng.choice(pool, size, p=weight[pool] / weight[pool].sum())
        drawn[rows] = negatives
    return drawn


def _rows(ratings: pd.DataFrame, movies: pd.DataFrame, position: np.ndarray) -> pd.DataFrame:
    """One row per entry of `position` (ratings, 1 + negatives): that movie at the rating's user and time."""
    n, width = position.shape
    release = movies["year"].to_numpy(dtype=float, na_value=np.nan)
    decade = np.array([None if np.isnan(y) else f"{int(y) // 10 * 10}s" for y in release], dtype=object)
    timestamp = ratings["timestamp"].to_numpy()
    year = timestamp.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    source, position = np.repeat(np.arange(n), width), position.ravel()
    return pd.DataFrame(
        {
            "user": ratings["user"].to_numpy()[source],
            "movie": movies["movie"].to_numpy()[position],
            "genres": movies["genres"].to_numpy(dtype=object)[position],
            "decade": pd.Series(decade[position], dtype=object),  # pandas 3 would turn None into NaN
            "year": year[source],
            "timestamp": timestamp[source],
            "label": (np.arange(n * width) % width == 0).astype(np.int64),
        }
    )
