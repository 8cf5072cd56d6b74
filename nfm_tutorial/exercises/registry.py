"""Every exercise of the series: the table of the course, and the exercises themselves, loaded when they are asked for.

An exercise has a stable name, that of its file in tasks/. The number that a reader sees, as in 4.1, is its place here.
A chapter has a key: "4" is notebooks/04_*.ipynb, "D4" is notebooks/deeper/04_*.ipynb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

COURSE: dict[str, tuple[str, ...]] = {
    "1": (
        "fm_by_hand",
        "pairs_by_loops",
        "pairs_by_identity",
        "fm_gradient",
        "how_many_pairs",
    ),
    "2": (
        "offsets_of_fields",
        "lr_to_fm_by_k",
        "negative_sampling",
        "two_kinds_of_negatives",
        "auc_by_hand",
    ),
    "3": ("deepfm_from_parts", "several_genres", "deepfm_parameters"),
    "4": (
        "pool_by_identity",
        "nfm_from_parts",
        "nfm_that_is_fm",
        "bi_interaction_by_hand",
        "where_vectors_come_from",
    ),
    "5": ("floor_of_every_fm", "paired_interval", "what_may_you_write", "nfm_gradient"),
    "6": ("unknown_item", "ndcg_by_hand", "rows_that_move", "split_by_time", "hit_rate_at_k"),
    "D1": ("one_value_doubled", "features_that_repel"),
    "D2": ("clipped_rmse",),
    "D3": ("gradient_that_reaches_v", "floor_of_a_double_sigmoid"),
    "D4": ("eps_that_works", "what_default_eps_does", "what_a_trained_h_changes"),
    "D5": ("early_stopping", "l2_of_a_batch"),
    "D6": ("odd_parity",),
    "D7": (
        "bug_flattened_slots",
        "bug_codes_as_magnitudes",
        "bug_double_sigmoid",
        "bug_broadcast_mean",
        "bug_head_in_the_loop",
        "bug_eps_too_large",
        "bug_missing_offsets",
        "bug_best_of_test",
        "bug_auc_of_batches",
        "bug_softmax_axis",
    ),
}
EXPERIMENT: dict[str, str] = {  # a chapter's open experiment, which comes after its exercises
    "1": "k_or_init_std",
    "2": "how_large_a_k",
    "4": "serial_or_parallel",
    "5": "one_field_less",
    "6": "capstone",
    "D5": "where_to_drop",
}


def chapter_of(path: Path) -> str:
    """The key of the chapter whose notebook, or whose solutions, lie at `path`. Raises ValueError for another name."""
    found = re.match(r"answers_(D?)(\d\d)_", path.name) if path.parent.name == "solutions" else None
    found = found or re.match(r"()(\d\d)_[a-z0-9_]+\.ipynb$", path.name)
    if not found:
        raise ValueError(f"{path.name}: a chapter's notebook is named NN_words_in_lower_case.ipynb")
    return ("D" if found[1] or path.parent.name == "deeper" else "") + str(int(found[2]))


def solutions_of(path: Path) -> Path:
    """The solutions of the chapter at `path`: their name says that they are, and of which chapter."""
    deeper = path.parent.name == "deeper"
    folder = path.parent.parent if deeper else path.parent
    return folder / "solutions" / f"answers_{'D' if deeper else ''}{path.name}"


class Exercises(Mapping):
    """{"4.1": its exercise, ...} in the order of the course; each file is loaded when its exercise is asked for.

    An exercise's name finds it as well as its number.
    """

    def __init__(self, ids: dict[str, str]):
        self._id = ids
        self._name = {id: name for name, id in self._id.items()}
        self._loaded: dict = {}

    def id_of(self, key: str) -> str | None:
        """The number of an exercise that is called by its number or by its name; None if there is none."""
        return key if key in self._name else self._id.get(key)

    def name_of(self, id: str) -> str:
        """The stable name of an exercise that is called by its number."""
        return self._name[id]

    def __getitem__(self, id: str):
        id = self._id.get(id, id)
        if id not in self._loaded:
            name = self._name[id]
            self._loaded[id] = import_module(f".tasks.{name}", __package__).exercise.placed(name, id)
        return self._loaded[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._name)

    def __len__(self) -> int:
        return len(self._name)

    def __contains__(self, id) -> bool:
        return id in self._name

    def of(self, chapter: str) -> dict:
        """The exercises of one chapter, {number: exercise}."""
        return {id: self[id] for id in self if id.split(".")[0] == chapter}


EXERCISES = Exercises({name: f"{c}.{i}" for c, names in COURSE.items() for i, name in enumerate(names, 1)})
EXPERIMENTS = Exercises({name: f"{c}.{len(COURSE[c]) + 1}" for c, name in EXPERIMENT.items()})
