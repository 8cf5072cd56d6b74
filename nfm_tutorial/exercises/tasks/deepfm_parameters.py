"""Count DeepFM's parameters."""

from __future__ import annotations

import re
import unicodedata

from ..exercise import Number


class WholeNumber(Number):
    """Reads "1,234" as 1234: no whole number needs a decimal comma."""

    def as_meant(self, candidate):
        text = unicodedata.normalize("NFKC", candidate).strip() if isinstance(candidate, str) else ""
        if re.fullmatch(r"\d{1,3}([,.']\d{3})+", text):
            candidate = re.sub(r"[,.']", "", text)
        return candidate


exercise = WholeNumber(
    title="Count DeepFM's parameters",
    kind="pencil and paper",
    spec=r"""A DeepFM has $n = 1000$ features in 5 fields and $k = 8$. Its DNN reads the 5 embeddings side by
side, has one hidden layer of 16 units with biases, and an output layer without a bias. Both branches read one
$V$. How many numbers are trained? Don't forget $w_0$ and $w$.""",
    hints=(
        "Four groups: w_0 and w; V; the hidden layer's weights and biases; the output layer's weights.",
        "V has 1000 times 8 entries. The hidden layer reads 5 times 8 numbers. The output layer has 16 weights.",
    ),
    wrong=(
        (17673, "You counted V twice: the two branches share one table."),
        (9657, "The biases of the hidden layer, or the weights of the output layer, are missing: 16 each."),
        (9674, "You gave the output layer a bias; here it has none."),
        (9672, "w_0 is missing."),
        (8673, "The first-order weights w are missing: one per feature."),
        (8672, "The first-order part is missing: w_0, and one w per feature."),
        (9161, "Your hidden layer reads k = 8 numbers, as in NFM; DeepFM's reads the 5 fields side by side."),
        (1673, "The table V is missing."),
        (9641, "The hidden layer has biases, and the output layer has weights: 16 each."),
        (9658, "You gave the output layer a bias and the hidden layer none; it is the other way round."),
        (9656, "w_0 is missing, and so are 16 numbers of the DNN: biases or output weights."),
        (9697, "The hidden layer has one bias per unit, 16, not one per number that it reads."),
        (9683, "FM has no weight per pair of fields: a pair weight is an inner product of rows of V."),
        (9001, "This is FM alone: w_0, w and V. The DNN is missing."),
        (672, "This is the DNN alone: w_0, w and V are missing."),
        (41673, "V has one row per feature; the 5 fields share its 1000 rows."),
        (8678, "w has one weight per feature, not one per field."),
        (9.673, "Python reads a point as the decimal point: write the number without it."),
        ((9, 673), "Python reads a comma between two numbers as a pair: write the number without it."),
    ),
    stub="answer = TODO  # a whole number",
    fallback="This is not the number; count the four groups one by one.",
)


@exercise.oracle
def by_groups(n=1000, fields=5, k=8, hidden=16):
    first_order, table = 1 + n, n * k
    hidden_layer, output_layer = fields * k * hidden + hidden, hidden
    return first_order + table + hidden_layer + output_layer
