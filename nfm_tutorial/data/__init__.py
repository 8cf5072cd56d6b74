"""The data of the series, in one place: import everything from here. Nothing in it knows a model.

    movielens.py   the shipped tables and the learning task built from them
    planted.py     data with a known structure and exact floors
    libfm.py       reader and writer of libFM files
    download.py    Frappe, the data of the NFM paper, verified
"""

from .download import download
from .libfm import LIBFM_PARTS, libfm_paths, read_libfm, read_libfm_folder, write_libfm
from .movielens import data_folder, load_movies, load_ratings, movielens, movielens_fields
from .planted import parity, planted, planted_fields, planted_floors, planted_loss, planted_signs, planted_splits
from .splits import Splits

__all__ = [
    "LIBFM_PARTS", "Splits", "data_folder", "download", "libfm_paths", "load_movies", "load_ratings", "movielens",
    "movielens_fields", "parity", "planted", "planted_fields", "planted_floors", "planted_loss", "planted_signs",
    "planted_splits", "read_libfm", "read_libfm_folder", "write_libfm",
]  # fmt: skip
