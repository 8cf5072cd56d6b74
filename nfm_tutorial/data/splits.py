"""What every data source shares: the three parts of a data set. It knows nothing else."""

from typing import Any, NamedTuple


class Splits(NamedTuple):
    """Training, validation and test part: three DataFrames, or three Examples once they are encoded."""

    train: Any
    valid: Any
    test: Any
