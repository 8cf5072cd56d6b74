"""The bug clinic: the numbers of the levels of a field, taken for magnitudes."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..exercise import Exercise

exercise = Exercise(
    title="Genre 7 counts seven times",
    spec=r"""Repair `design_matrix(codes, n_levels)`: `codes` is `(N,)` int64, the level of a categorical field
in each row, from 0 to `n_levels - 1`; the numbers are names without order. Return the matrix that a linear
model should read, one column per level: shape `(N, n_levels)`, 1 in the column of the row's level and 0
elsewhere (any dtype). `N` may be 0. Leave `codes` unchanged. Example: `design_matrix([0, 2], 3)` is `[[1, 0,
0], [0, 0, 1]]`.""",
    stub='''def design_matrix(codes: Tensor, n_levels: int):
    """(N,) int64 -> (N, n_levels)"""
    return TODO''',
    hints=(
        "How many weights does a linear model need for this field, and which of them does a row use?",
        "torch.nn.functional.one_hot(codes, n_levels), or torch.eye(n_levels)[codes].",
    ),
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([0, 2]), 3
    yield torch.tensor([0]), 1
    yield torch.tensor([1]), 2
    yield torch.tensor([0, 2, 1]), 3
    yield torch.tensor([2, 2]), 4
    yield draw.whole(0, 6, 5), 6
    yield draw.whole(0, 3, 12), 9
    yield torch.tensor([4, 1, 3]), 5  # level 0 does not occur
    yield torch.zeros(0, dtype=torch.int64), 3


@exercise.oracle
def by_loops(codes, n_levels):
    out = np.zeros((len(codes), n_levels))
    for row, code in enumerate(codes):
        out[row, code] = 1
    return out


@exercise.example
def example():
    return ([0, 2], 3), [[1, 0, 0], [0, 0, 1]]


@exercise.right
def design_matrix(codes, n_levels):
    return F.one_hot(codes, n_levels).float()  # (N, n_levels)


@exercise.right
def design_matrix_by_rows(codes, n_levels):
    return torch.eye(n_levels)[codes]


@exercise.wrong(shown=True)
def magnitudes(codes, n_levels):
    """The codes are still used as magnitudes: level 7 is not seven times level 1. Give each level a column."""
    return codes.float()[:, None]  # (N, 1)


exercise.slips(
    """
F.one_hot(codes, n_levels).float() -> codes
    The codes are still used as magnitudes: give each level a column.
F.one_hot(codes, n_levels).float() -> codes[:, None] + 1
    The codes are still used as magnitudes, each larger by 1: give each level a column.
F.one_hot(codes, n_levels).float() -> codes[:, None] / max(n_levels - 1, 1)
    Scaling the codes keeps their false order: give each level a column of its own.
F.one_hot(codes, n_levels).float() -> codes[:, None] / n_levels
    Scaling the codes keeps their false order: give each level a column of its own.
.float() -> * codes[:, None]
    You wrote the code itself into its column; a 1 belongs there, and level 0 would get nothing.
    hint: entry
.float() -> * (codes[:, None] + 1)
    You wrote a number that grows with the code into its column; a 1 belongs there.
    hint: entry
.float() -> / n_levels
    You divided by the number of levels; a 1 belongs in the column of the level.
    hint: entry
F.one_hot(codes, n_levels).float() -> 2 * F.one_hot(codes, n_levels) - 1
    You wrote -1 in the other columns; 0 belongs there.
    hint: entry
F.one_hot(codes, n_levels).float() -> codes[:, None].expand(-1, n_levels)
    You wrote the code into every column; a row has a 1 in the column of its level and 0 elsewhere.
    hint: entry
.float() -> [:, 1:]
    You dropped the first level; here every level has a column.
    hint: columns
.float() -> [:, :-1]
    You dropped the last level; here every level has a column.
    hint: columns
torch.eye(n_levels)[codes] -> torch.eye(n_levels + 1)[codes]
    There is one column too many: the levels are 0 to n_levels - 1.
    hint: columns
F.one_hot(codes, n_levels).float() -> torch.cat([torch.ones(len(codes), 1), F.one_hot(codes, n_levels)], 1)
    You added a column of ones; the result has one column per level.
    hint: columns
F.one_hot(codes, n_levels).float() -> F.one_hot(codes.unique(return_inverse=True)[1])
    You made columns only for the levels that occur in this batch; the model needs one for each of n_levels.
    hint: columns
F.one_hot(codes, n_levels).float() -> F.one_hot(codes)
    You made columns up to the largest code of this batch; the model needs n_levels of them in every batch.
    hint: columns
F.one_hot(codes, n_levels).float() -> codes[:, None] == codes
    You compared the codes with each other; compare each with the levels 0 to n_levels - 1.
    hint: columns
F.one_hot(codes, n_levels).float() -> torch.zeros(len(codes), n_levels).index_fill(1, codes, 1)
    You wrote 1 into whole columns, X[:, codes]; row i gets a 1 in column codes[i] alone.
    hint: entry
F.one_hot(codes, n_levels).float() -> torch.arange(n_levels) <= codes[:, None]
    You filled all columns up to the level: that is an order again. One 1 per row.
F.one_hot(codes, n_levels).float() -> torch.arange(n_levels) < codes[:, None]
    You filled all columns below the level: that is an order again. One 1 per row.
F.one_hot(codes, n_levels).float() -> (codes[:, None] >> torch.arange(n_levels)) & 1
    You wrote the code in binary: levels then share columns. One column per level.
F.one_hot(codes, n_levels) -> F.one_hot((codes + 1) % n_levels, n_levels)
    The columns are shifted by one: level 0 belongs in column 0.
    hint: place
torch.eye(n_levels)[codes] -> torch.eye(n_levels)[codes - 1]
    The columns are shifted by one: level 0 belongs in column 0.
    hint: place
F.one_hot(codes, n_levels).float() -> torch.arange(1, n_levels + 1) == codes[:, None]
    You counted the levels from 1, so level 0 gets no column; it belongs in column 0.
    hint: place
F.one_hot(codes, n_levels) -> F.one_hot(codes.clamp(min=min(1, n_levels - 1)), n_levels)
    Level 0 is a level like any other: it has column 0.
    hint: place
""",
    columns="The shape is the same for every batch with the same n_levels: how many columns does it have?",
    entry="Which two numbers may the matrix hold, and how often does each stand in a row?",
    place="Write down the row of level 0 and the row of the last level for n_levels = 3.",
)


@exercise.tested
def test_design_matrix(design_matrix):
    X = np.asarray(design_matrix(torch.tensor([0, 2, 1]), 3))
    np.testing.assert_equal(X.shape, (3, 3), "one column per level")
    np.testing.assert_equal(X.sum(1), 1, "one 1 per row")
