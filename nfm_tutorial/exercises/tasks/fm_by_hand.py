"""FM by hand."""

from __future__ import annotations

from ..exercise import Number

exercise = Number(
    title="FM by hand",
    kind="pencil and paper",
    spec=r"""An FM with three features and $k = 2$ has

$$w_0 = 0.5, \quad w = (1, -2, 3), \quad v_1 = (1, 0),\; v_2 = (2, 1),\; v_3 = (2, -1).$$

Work out $\hat y = w_0 + \sum_i w_i x_i + \sum_{i<j} \langle v_i, v_j\rangle x_i x_j$ for $x = (1, 2, -1)$ with
pencil and paper. There are three pairs.""",
    hints=(
        "Write down the three inner products first, then multiply each by its x_i x_j, then add the linear part.",
        "The inner products are 2, 2 and 3; the products x_i x_j are 2, -1 and -2. The linear part is 1 - 4 - 3.",
    ),
    wrong=(
        (1.5, "You left x out of the pairs: each inner product is multiplied by x_i x_j."),
        (
            -13.5,
            "You counted each pair twice, or left out the 1/2 of the identity: the sum runs over i < j. (The same "
            "number comes out if <v_2, v_3> is taken as 5: 1 times -1 is negative.)",
        ),
        (16.5, "You counted each feature with itself, too: i < j leaves out i = j."),
        (
            12.5,
            "You took every i with every j, i = j included: the sum runs over i < j. (The same number comes out if x_3 "
            "is taken as 1 instead of -1.)",
        ),
        (3.5, "You took half the square of the sum of the x_i v_i; half the sum of their squares must be subtracted."),
        (6.5, "In the pairs you lost the sign of x_3: x_1 x_3 and x_2 x_3 are negative."),
        (2.5, "You lost the sign of the pair (2, 3), where x_2 x_3 is negative, or that of the linear part."),
        (
            -3.5,
            "You left out the linear part w_1 x_1 + w_2 x_2 + w_3 x_3, or took w_3 x_3 as positive, or left out the "
            "pair (2, 3).",
        ),
        (-10.0, "You left out the bias w_0."),
        (-4.0, "This is the pair term alone: w_0 and the linear part are missing."),
        (-7.5, "You took the mean over the k entries: an inner product is their sum."),
        (-5.5, "The pair term is missing, or the pair (1, 3) has the wrong sign: x_1 x_3 is negative."),
        (-6.0, "This is the linear part alone."),
        (
            -1.5,
            "Four slips give this number: x left out of the linear part, w_2 x_2 taken as positive, the first pair "
            "as the only one, or the pair term with its sign turned. Compare line by line.",
        ),
    ),
    stub="answer = TODO  # a number",
    fallback="This is not the score; check its three parts (bias, linear part, pairs) one by one.",
)


@exercise.oracle
def term_by_term():
    x, w, v = (1, 2, -1), (1, -2, 3), ((1, 0), (2, 1), (2, -1))
    y = 0.5 + sum(w[i] * x[i] for i in range(3))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        y += (v[i][0] * v[j][0] + v[i][1] * v[j][1]) * x[i] * x[j]
    return y
