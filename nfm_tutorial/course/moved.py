"""What exercises are called besides their names: the ids of their cells, and their numbers before the recut."""

from __future__ import annotations

_CHAPTERS = {  # as COURSE and EXPERIMENT had them
    "1": "fm_by_hand pairs_by_loops pairs_by_identity fm_gradient one_value_doubled features_that_repel how_many_pairs "
    "k_or_init_std",
    "2": "offsets_of_fields lr_to_fm_by_k negative_sampling clipped_rmse two_kinds_of_negatives auc_by_hand "
    "how_large_a_k",
    "3": "deepfm_from_parts several_genres deepfm_parameters gradient_that_reaches_v serial_or_parallel",
    "4": "pool_by_identity nfm_from_parts nfm_that_is_fm bi_interaction_by_hand where_vectors_come_from "
    "what_a_trained_h_changes where_to_drop",
    "5": "early_stopping eps_that_works l2_of_a_batch what_default_eps_does floor_of_a_double_sigmoid",
    "6": "odd_parity nfm_gradient paired_interval floor_of_every_fm what_may_you_write one_field_less",
    "7": "bug_flattened_slots bug_codes_as_magnitudes bug_double_sigmoid bug_broadcast_mean bug_head_in_the_loop "
    "bug_eps_too_large bug_missing_offsets bug_best_of_test bug_auc_of_batches bug_softmax_axis",
}
NAME_OF_OLD = {f"{c}.{i}": name for c, names in _CHAPTERS.items() for i, name in enumerate(names.split(), 1)}


def cell_id(name: str, part: str = "") -> str:
    """The id of a cell of an exercise. part: task, stub, check, answer, report, buggy, test; "": their common start."""
    return f"exercise-{name.replace('_', '-')}-{part}"
