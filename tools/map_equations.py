"""The map of the series: equation -> section -> line of code -> test. Made from the code; it fails if a part is gone.

    python tools/map_equations.py docs/map.md
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Row(NamedTuple):
    """An equation (LaTeX), the sections that derive or use it, module.function, a fragment, and file.py::test.

    The fragment occurs in exactly one line of the function: the line that the map points to.
    """

    equation: str
    sections: str
    where: str
    fragment: str
    test: str


MAP: dict[str, tuple[Row, ...]] = {
    "What a model reads": (
        Row(
            r"Look-up: $x_i v_i$ for each slot; $\sum_i x_i v_i = x^\top V$",
            "1.8, 3.1",
            "gradients.look_up",
            "return rows * (values",
            "test_layers.py::test_look_up_is_indexing_with_the_same_gradients",
        ),
        Row(
            r"Several values of one field: $x_i = 1/\sqrt{m}$ for each of $m$ values",
            "2.3",
            "encoding.Encoder._encode_column",
            "1 / np.sqrt(len(kept))",
            "test_encoding.py::test_ids_and_values_of_a_table_worked_out_by_hand",
        ),
        Row(
            "Negatives by popularity: $P(j)$ in proportion to the ratings of movie $j$, if the user did not rate it",
            "2.4, 2.6",
            "data.movielens._draw_negatives",
            "p=weight[pool] / weight[pool].sum()",
            "test_movielens.py::test_draws_follow_the_number_of_ratings_or_are_uniform",
        ),
    ),
    "FM": (
        Row(
            r"Linear part: $w_0 + \sum_i w_i x_i$",
            "1.2, 2.8",
            "layers.LinearTerm.forward",
            "look_up(self.w, ids, values).sum(dim=1)",
            "test_layers.py::test_linear_term_is_a_sum_over_slots",
        ),
        Row(
            r"FM: $\hat y = w_0 + \sum_i w_i x_i + \sum_{i<j} \langle v_i, v_j \rangle x_i x_j$",
            "1.5, 1.9",
            "models.FM.forward",
            "self.linear(ids, values) + pooled.sum(dim=1)",
            "test_models.py::test_lr_and_fm_equal_their_equations",
        ),
        Row(
            r"$f_{BI} = \sum_{i<j} x_i v_i \odot x_j v_j = \frac12 [(\sum_i x_i v_i)^2 - \sum_i (x_i v_i)^2]$",
            "1.6, 4.2",
            "layers.bi_interaction",
            "0.5 * (square_of_sum - sum_of_squares)",
            "test_layers.py::test_bi_interaction_is_the_sum_over_pairs",
        ),
        Row(
            "Cost of the identity: $O(k N_x)$, whatever $n$",
            "1.6, D1.5",
            "layers.bi_interaction",
            "xv.sum(dim=1).square()",
            "test_layers.py::test_cost_is_linear_in_slots_and_in_k",
        ),
        Row(
            r"Gradient: $\partial \hat y / \partial v_i = x_i (\sum_j x_j v_j - x_i v_i)$",
            "1.7",
            "gradients._Pooling.backward",
            "(total[:, None] - xv) * grad[:, None]",
            "test_models.py::test_fm_gradients_are_the_formulas",
        ),
        Row(
            r"User and item alone: $w_0 + w_u + w_i + \langle v_u, v_i \rangle$, biased matrix factorisation",
            "4.5",
            "models.FM.forward",
            "self.embedding.pool(ids, values)",
            "test_models.py::test_fm_of_user_and_item_is_biased_matrix_factorisation",
        ),
    ),
    "DeepFM": (
        Row(
            r"The network's input: $[e_1, \dots, e_m]$, $e$ the sum of a field's $x_i v_i$",
            "3.3, 3.6",
            "models.DeepFM.forward",
            ".index_add(1, self.field_of_slot, xv)",
            "test_models.py::test_deepfm_does_depend_on_the_field_of_a_slot",
        ),
        Row(
            r"DeepFM: $\hat y = \hat y_{FM} + \hat y_{DNN}$, two logits and no sigmoid",
            "3.3, 3.6",
            "models.DeepFM.forward",
            "return y_fm + y_dnn",
            "test_models.py::test_deepfm_adds_fm_and_a_network_on_the_field_embeddings",
        ),
        Row(
            "One table $V$: its gradient is the sum of what both branches send",
            "D3.2",
            "models.DeepFM.forward",
            "self.embedding.pool(ids, values, xv)",
            "test_models.py::test_both_branches_of_deepfm_share_and_teach_one_table",
        ),
    ),
    "NFM": (
        Row(
            r"NFM: $\hat y = w_0 + \sum_i w_i x_i + h^\top \mathrm{MLP}(f_{BI})$",
            "4.1, 4.4",
            "models.NFM.forward",
            "self.linear(ids, values) + z @ self.h",
            "test_models.py::test_nfm_is_bi_interaction_norm_dropout_layers_projection",
        ),
        Row(
            "Batch norm, then dropout, directly after $f_{BI}$",
            "4.4",
            "models.NFM.forward",
            "self.drop_bi(self.norm_bi(z))",
            "test_models.py::test_nfm_is_bi_interaction_norm_dropout_layers_projection",
        ),
        Row(
            "A hidden layer: dense, batch norm, activation, dropout",
            "4.4, D5.3",
            "layers.mlp",
            "layers.append(nn.BatchNorm1d(n_out, eps=bn_eps))",
            "test_layers.py::test_mlp_layers_come_in_the_stated_order",
        ),
        Row(
            r"NFM is FM, also in training: no layer, batch norm or dropout, and $h = \mathbf 1$ fixed",
            "4.5",
            "models.NFM.__init__",
            'self.register_buffer("h", torch.ones(k))',
            "test_models.py::test_nfm_without_layers_is_fm_and_stays_fm_in_training",
        ),
        Row(
            r"Batch norm's $\varepsilon$: $\mathrm{sd}(f_{BI}) = \mathrm{sd}^2 \sqrt{N_x (N_x - 1)/2}$ at the start",
            "D4.2",
            "models.NFM.__init__",
            "nn.BatchNorm1d(k, eps=bn_eps)",
            "test_models.py::test_a_small_eps_keeps_batch_norm_working_on_small_crossings",
        ),
        Row(
            "Signed numbers: $f_{BI}(-x) = f_{BI}(x)$, so no NFM has the parity of three",
            "D6.1, D6.2",
            "layers.bi_interaction",
            "xv.square().sum(dim=1)",
            "test_planted.py::test_signed_inputs_make_f_bi_even_unless_there_is_a_constant",
        ),
    ),
    "Training": (
        Row(
            r"Log loss of a logit: $\ln(1 + e^{-\hat y})$ for $y = 1$, $\ln(1 + e^{\hat y})$ for $y = 0$",
            "2.5, D3.1",
            "metrics.log_loss",
            "np.logaddexp(0, np.where(target == 1, -logit, logit))",
            "test_metrics.py::test_log_loss_is_exact_for_any_logit",
        ),
        Row(
            r"Probability: $p = \sigma(\hat y)$, outside the model",
            "1.2, 2.5",
            "training.predict",
            "torch.sigmoid(score)",
            "test_training.py::test_probabilities_and_clipping",
        ),
        Row(
            "A value that training never saw: $w_i = 0$ and $v_i = 0$",
            "2.7, 6.6",
            "training._start",
            "masked_fill_(unseen[:, None], 0)",
            "test_slips.py::test_what_training_never_saw_adds_nothing",
        ),
        Row(
            r"L2: the batch mean of $\sum_i \lVert x_i v_i \rVert^2$",
            "2.7, D5.2",
            "layers.FeatureEmbedding.penalty",
            "counts @ self.V.square().sum(dim=1)",
            "test_layers.py::test_embedding_scales_rows_pools_and_penalises",
        ),
        Row(
            "Sparse Adagrad: a step on the rows of the batch is the step on the whole table",
            "6.8, D4.5",
            "training._RowsOfBatch.__call__",
            "torch.unique(ids, return_inverse=True)",
            "test_training.py::test_sparse_adagrad_is_dense_adagrad",
        ),
    ),
    "Evidence": (
        Row(
            "AUC: the chance that a random positive scores above a random negative",
            "2.5",
            "metrics.auc",
            "roc_auc_score(target, score",
            "test_metrics.py::test_auc_is_the_share_of_pairs_in_the_right_order",
        ),
        Row(
            r"Interval of paired differences: $\bar d \pm t \cdot s_d / \sqrt n$",
            "2.8, 5.3",
            "metrics.paired_interval",
            "half = stats.t.ppf",
            "test_metrics.py::test_paired_interval_by_the_table_of_students_t",
        ),
        Row(
            "Floors: no function of order $q$ has a smaller loss than the planted terms of order at most $q$",
            "5.1",
            "data.planted.planted_floors",
            "basis @ (basis.T @ truth)",
            "test_planted.py::test_no_function_of_an_order_beats_its_floor",
        ),
        Row(
            "HR@$K$: the share of users whose clicked item has a rank of at most $K$, ties counted against the model",
            "6.7",
            "exercises.tasks.hit_rate_at_k.hit_rate_at_k",
            "(scores >= own).sum(1) - 1",
            "test_each_exercise.py::test_right_answers_pass",
        ),
        Row(
            r"NDCG@$K$: a click adds $1/\log_2(\mathrm{rank} + 1)$; divided by the best possible sum",
            "6.7",
            "exercises.tasks.ndcg_by_hand.by_ranks",
            "gained = sum(1 / log2(rank + 1)",
            "test_each_exercise.py::test_right_answers_pass",
        ),
    ),
}

ABOUT = """# Map: equation, line of code, test

[中文版](zh/map.md)

Where each central equation of the series is derived, the line of the package that is it, and the test that fails if the
line is wrong. `python tools/map_equations.py docs/map.md` writes this page from the code.

"""


@cache
def sections() -> Mapping[str, Path]:
    """{number of a section: its notebook}."""
    found, folder = {}, ROOT / "notebooks"  # the English edition
    for path in (*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("deeper/*.ipynb"))):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found |= dict.fromkeys(re.findall(r"^## (D?\d+\.\d+) ", text, re.M), path)
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def line_of(where: str, fragment: str) -> tuple[Path, int]:
    """The file and the line of a function's fragment. ValueError if there is no such function, or no such line."""
    names, path = where.split("."), ROOT / "nfm_tutorial"
    while names and (path / names[0]).is_dir():
        path /= names.pop(0)
    path = path / f"{names.pop(0)}.py"
    node: ast.AST | None = parsed(path) if names and path.is_file() else None
    for name in names:
        inside = ast.iter_child_nodes(node) if node else ()
        node = next((n for n in inside if getattr(n, "name", None) == name), None)
    if node is None:
        raise ValueError(f"there is no function {where} in nfm_tutorial")
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [i for i in range(node.lineno, node.end_lineno + 1) if fragment in lines[i - 1]]
    if len(found) != 1:
        raise ValueError(f"{fragment!r} is in {len(found)} lines of {where}; name a fragment of the one line")
    return path, found[0]


def line_of_test(test: str) -> tuple[Path, int]:
    """The file and the line of "test_x.py::test_name". ValueError if there is none."""
    name, _, function = test.partition("::")
    path = ROOT / "tests" / name
    for node in parsed(path).body if path.is_file() else ():
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return path, node.lineno
    raise ValueError(f"there is no test {test}")


def link(words: str, path: Path, line: int | None = None) -> str:
    target = path.relative_to(ROOT).as_posix()
    return f"[{words}](../{target}{f'#L{line}' if line else ''})"


def cells_of(row: Row) -> list[str]:
    """The four cells of a row of the table."""
    numbers = row.sections.split(", ")
    if lost := [number for number in numbers if number not in sections()]:
        raise ValueError(f"there is no section {lost[0]}: {row.equation}")
    derived = ", ".join(link(number, sections()[number]) for number in numbers)
    path, line = line_of(row.where, row.fragment)
    test_path, test_line = line_of_test(row.test)
    code = link(f"`{row.where}`, line {line}", path, line)
    return [row.equation, derived, f"{code}: `{row.fragment}`", link(f"`{row.test}`", test_path, test_line)]


def page(groups: Mapping[str, tuple[Row, ...]] = MAP) -> str:
    """The map as Markdown. ValueError for a section, function, line or test that is not there."""
    parts = [ABOUT.rstrip() + "\n"]
    for title, rows in groups.items():
        table = ["| equation | section | line of code | test |", "|---|---|---|---|"]
        table += ["| " + " | ".join(cells_of(row)) + " |" for row in rows]
        parts.append(f"## {title}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8", newline="\n")
