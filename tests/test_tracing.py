"""A trace shows what the model computes: every number is checked against the model itself or against the formula."""

import copy
import re
from html.parser import HTMLParser
from itertools import combinations

import pandas as pd
import pytest
import torch
from torch import nn

from nfm_tutorial.encoding import Encoder, Examples, Field
from nfm_tutorial.models import FM, LR, NFM, DeepFM
from nfm_tutorial.tracing import Trace, trace

TABLE = pd.DataFrame(
    {
        "user": ["ann", "bob", "ann", "eve"],
        "genres": ["Crime|Drama", "Crime", "Drama|War|Crime", "<b>|War"],  # row 1 has two slots of padding
        "hours": [1.5, -3.0, 2.0, 0.0],
    }
)
FIELDS = (Field("user"), Field("genres", "multi"), Field("hours", "numeric", standardize=False))
ENCODER = Encoder(FIELDS).fit(TABLE)
ROWS = ENCODER.transform(TABLE)
N, SLOTS = ENCODER.n_features, ENCODER.field_of_slot

MODELS = {
    "LR": lambda: LR(N),
    "FM": lambda: FM(N, 3, init_std=1.0, dropout=0.5),
    "FM k=0": lambda: FM(N, 0),
    "FM k=16": lambda: FM(N, 16, init_std=1.0),
    "NFM one layer": lambda: NFM(N, 3, (4,), batch_norm=False, init_std=1.0),
    "NFM batch norm": lambda: NFM(N, 3, (5, 4), 0.3, 0.3, activation="tanh", init_std=1.0),
    "NFM three layers": lambda: NFM(N, 7, (6, 1, 2), batch_norm=False, activation="identity", init_std=1.0),
    "NFM no layer": lambda: NFM(N, 3, (), init_std=1.0),
    "NFM no layer, batch norm": lambda: NFM(N, 3, (), batch_norm=True, init_std=1.0),
    "DeepFM": lambda: DeepFM(N, SLOTS, 3, (4, 2), 0.3, batch_norm=True, init_std=1.0),
    "DeepFM no layer": lambda: DeepFM(N, SLOTS, 3, (), init_std=1.0),
}


def built(name):
    """A model in training mode in which no number is 0 or 1 by default, batch norm's statistics included."""
    model = MODELS[name]()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in model.linear.parameters():
            tensor.normal_(generator=generator)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
    return model.train()


def exact(model):
    return copy.deepcopy(model).double().eval()


def steps(found, title):
    """{label: tensor} of the numbers and of the vectors below the slots, and the two blocks of the slots themselves."""
    at = [t for t, *_ in found.columns].index(title)
    numbers = found.columns[at][2]
    vectors = found.columns[at + 1][2] if found.columns[at + 1 : at + 2] and not found.columns[at + 1][0] else {}
    slots = [torch.stack([v for k, v in c.items() if k[0] == 0]) if c else None for c in (numbers, vectors)]
    return *({label: v for (group, _, label), v in c.items() if group} for c in (numbers, vectors)), *slots


def close(one, other):
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("r", range(4))
@pytest.mark.parametrize("name", MODELS)
def test_the_last_line_is_the_score_of_the_model(name, r):
    model, row = built(name), ROWS[r]
    found = trace(model, row, ENCODER)
    score = exact(model)(row.ids, row.values.double()).item()
    (title,) = found.scores
    assert title == type(model).__name__ and abs(found.scores[title] - score) < 1e-12 and score != 0
    assert abs(score - model.eval()(row.ids, row.values).item()) < 1e-4
    label, number = str(found).splitlines()[-1].split()
    assert label == "score" and abs(float(number) - score) <= 0.5001e-4
    numbers = steps(found, title)[0]
    assert list(numbers)[-1] == "score" and close(sum(list(numbers.values())[:-1]), numbers["score"])


@pytest.mark.parametrize("r", range(4))
@pytest.mark.parametrize("name", MODELS)
def test_every_step_is_the_models_own(name, r):
    model, row = built(name), ROWS[r]
    numbers, vectors, w_x, xv = steps(trace(model, row, ENCODER), type(model).__name__)
    model, x, ids = exact(model), row.values[0].double(), row.ids[0]
    seen = []  # what really leaves each part of the network when the model is called
    norm = getattr(model, "norm_bi", None)
    for part in (norm, *getattr(model, "mlp", [])):
        if not (part is None or isinstance(part, nn.Dropout) or part is norm and isinstance(part, nn.Identity)):
            part.register_forward_hook(lambda part, read, made: seen.append(made[0].detach()))
    with torch.no_grad():
        model(row.ids, x[None])
        assert close(w_x, model.linear.w[ids] * x)
        assert close(numbers["w_0 + Σ w_i x_i"], model.linear.w0 + w_x.sum())
        if isinstance(model, LR):
            assert not vectors and xv is None and list(numbers) == ["w_0 + Σ w_i x_i", "score"]
            return
        assert close(xv, model.embedding.V[ids] * x[:, None])
        pairs = [xv[i] * xv[j] for i, j in combinations(range(len(x)), 2)]
        f_bi = vectors["f_BI = (s² − q) / 2"]
        assert close(f_bi, sum(pairs))
        assert close(vectors["s²"], vectors["s = Σ x_i v_i"] ** 2) and close(vectors["s = Σ x_i v_i"], xv.sum(0))
        assert close(vectors["s²"] - vectors["q = Σ (x_i v_i)²"], 2 * f_bi)
        listed = [v for label, v in vectors.items() if "⊙" in label]
        kept = int((x != 0).sum())
        assert len(listed) == (kept * (kept - 1) // 2 if kept <= 4 else 0) and (not listed or close(sum(listed), f_bi))
        assert ("1 · f_BI" in numbers) == (not isinstance(model, NFM))
        if "1 · f_BI" in numbers:
            assert close(numbers["1 · f_BI"], f_bi.sum())
        network = [v for label, v in vectors.items() if re.match(r"layer|batch norm", label)]
        assert len(network) == len(seen) and all(map(close, network, seen))
        if isinstance(model, NFM):
            assert close(numbers["h · z"], (network or [f_bi])[-1] @ model.h)
        if isinstance(model, DeepFM):
            side = [sum(v for v, f in zip(xv, SLOTS) if f == field) for field in range(3)]
            assert close(vectors["fields side by side"], torch.cat(side))
            assert close(numbers["u · z"], model.out.weight[0] @ (network or [torch.cat(side)])[-1])


def test_chapter_one_by_hand():
    model = FM(3, 2)
    with torch.no_grad():
        model.embedding.V.copy_(torch.tensor([[1.0, 2.0], [3.0, -1.0], [-1.0, 2.0]]))
        model.linear.w.copy_(torch.tensor([0.5, -0.0, 0.375]))
    row = Examples([[0, 1, 2]], [[1.0, 1.0, 2.0]])
    assert str(trace(model, row, ["one", "two", "three"])) == (
        """\
                          FM
slot                 x_i  w_i x_i  x_i v_i
------------------------------------------
one                  1     0.50     1  2
two                  1     0.00     3 -1
three                2     0.75    -2  4
------------------------------------------
one ⊙ two                           3 -2
one ⊙ three                        -2  8
two ⊙ three                        -6 -4
s = Σ x_i v_i                       2  5
s²                                  4 25
q = Σ (x_i v_i)²                   14 21
f_BI = (s² − q) / 2                -5  2
------------------------------------------
w_0 + Σ w_i x_i            1.25
1 · f_BI                  -3.00
score                     -1.75"""
    )


def test_models_beside_each_other_share_the_rows_that_both_have():
    names = ("LR", "NFM batch norm", "FM", "DeepFM", "NFM one layer")
    found = trace({name: built(name) for name in names}, ROWS[0], ENCODER)
    for name in names:  # the same numbers as alone, in any company
        alone, beside = steps(trace({name: built(name)}, ROWS[0], ENCODER), name), steps(found, name)
        for one, other in zip(alone[:2], beside[:2]):
            assert list(one) == list(other) and all(map(close, one.values(), other.values()))
    labels = [row[0] for group in found._groups() for row in group]
    assert labels[:2] == ["", "slot"] and len(labels) == len(set(labels))
    assert labels[2:] == [
        *("user=ann", "genres=Crime", "genres=Drama", "padding", "hours=value"),
        *(f"{a} ⊙ {b}" for a, b in combinations(["user=ann", "genres=Crime", "genres=Drama", "hours=value"], 2)),
        *("s = Σ x_i v_i", "s²", "q = Σ (x_i v_i)²", "f_BI = (s² − q) / 2", "fields side by side"),
        "batch norm of f_BI",
        *(f"layer 1: {part}" for part in ("dense", "batch norm", "ReLU", "Tanh")),
        *(f"layer 2: {part}" for part in ("dense", "batch norm", "ReLU", "Tanh")),
        *("w_0 + Σ w_i x_i", "1 · f_BI", "h · z", "u · z", "score"),
    ]
    assert [len(group) for group in found._groups()] == [2, 5, 20, 5]
    lines = str(found).splitlines()
    assert lines[0].split("  ")[-1] == "NFM one layer"
    assert len(next(line for line in lines if line.startswith("u · z")).split()) == 4  # only DeepFM has it


def test_two_models_of_a_class_are_told_apart():
    listed = [built("NFM one layer"), built("FM"), built("NFM no layer")]
    assert list(trace(listed, ROWS[0]).scores) == ["NFM (1)", "FM", "NFM (3)"]
    assert list(trace(tuple(listed[:2]), ROWS[0]).scores) == ["NFM", "FM"]


def test_padding_and_numbers_as_they_are():
    lines = str(trace(built("FM"), ROWS[1], ENCODER)).splitlines()
    padding = [line.split() for line in lines if line.startswith("padding")]
    assert padding == [["padding", "0", *["0.0000"] * 4]] * 2
    (hours,) = [line.split() for line in lines if line.startswith("hours")]
    assert hours[1] == "-3"
    (genre,) = [line.split() for line in str(trace(built("LR"), ROWS[2], ENCODER)).splitlines() if "genres=War" in line]
    assert genre[1] == "0.5774"


@pytest.mark.parametrize("count, kept", [(1, 4), (2, 4), (3, 2)])
def test_a_long_vector_shows_its_first_numbers_and_its_size(count, kept):
    model = built("FM k=16")
    found = trace({str(i): model for i in range(count)}, ROWS[0], ENCODER)
    first = [f"{v:.4f}" for v in exact(model).embedding.V[ROWS.ids[0, 0], :kept].tolist()]
    (line,) = [line for line in str(found).splitlines() if line.startswith("user=ann  ")]
    cells = line.split()[2:]
    assert cells == [cells[0], *first, "…", "(16)"] * count
    assert "…" not in str(trace(built("FM"), ROWS[0], ENCODER))


def test_nothing_happens_to_the_model():
    model = built("NFM batch norm")
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert str(trace(model, ROWS[0])) == str(trace(model, ROWS[0]))  # dropout is off
    assert all(torch.equal(before[k], v) and before[k].dtype == v.dtype for k, v in model.state_dict().items())
    assert model.training and model.embedding.V.grad is None and torch.equal(state, torch.get_rng_state())
    kept = [tensor for *_, column in trace(model, ROWS[0]).columns for tensor in column.values()]
    assert all(tensor.dtype == torch.float64 and not tensor.requires_grad for tensor in kept)


def test_no_minus_zero_and_no_trace_of_rounding():
    model = built("LR")
    with torch.no_grad():
        model.linear.w.fill_(-1e-9), model.linear.w0.fill_(0.1)
    text = str(trace(model, ROWS[0]))
    assert "-" not in re.sub("-{3,}", "", text) and text.splitlines()[-1].split() == ["score", "0.1"]


def test_names_come_from_the_encoder_the_caller_or_the_row():
    model = built("LR")

    def names(*arguments):
        return [line.split("  ")[0] for line in str(trace(model, ROWS[0], *arguments)).splitlines()[3:8]]

    assert names(ENCODER) == ["user=ann", "genres=Crime", "genres=Drama", "padding", "hours=value"]
    assert names(["ann", *"bcde"]) == names(("ann", *"bcde")) == ["ann", *"bcde"]
    assert names() == [f"{f}:{i}" for f, i in zip(["user", *["genres"] * 3, "hours"], ROWS.ids[0].tolist())]
    assert "feature 2 " in str(trace(model, Examples([[1, 2]], [[1.0, 1.0]])))


class Cells(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.styles = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.styles += [value for name, value in attributes if name == "style"]
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        assert self.open[-1] == "td"
        self.rows[-1][-1] += data


def test_html_says_what_the_text_says_in_the_readers_colours():
    found = trace([built("FM"), built("NFM batch norm"), built("DeepFM")], ROWS[3], ENCODER)
    page = Cells(found._repr_html_())
    lines = [line for line in str(found).splitlines() if line.strip("-")]
    assert [" ".join(" ".join(row).split()) for row in page.rows] == [" ".join(line.split()) for line in lines]
    assert any("<b>" in row[0] for row in page.rows) and "genres=<b>" not in found._repr_html_()  # escaped
    assert any("var(--jp-ui-font-color1" in style for style in page.styles)
    for style in page.styles:  # no colour but the theme's
        for value in re.findall(r"(?:color|border[\w-]*):([^;]*)", style):
            assert "var(--jp-" in value
        assert not re.search(r"#[0-9a-fA-F]{3}|rgb|hsl|background|white;|black", style)
    assert "\n" not in found._repr_html_() and isinstance(found, Trace) and repr(found) == str(found)


class Mine(FM):
    def forward(self, ids, values):
        return super().forward(ids, values) + 1


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((FM(N), ROWS), r"one row of Examples, such as trace\(model, examples\[3\]\); got 4 rows"),
        ((FM(N), ROWS[:0]), "got 0 rows"),
        ((FM(N), (ROWS.ids, ROWS.values)), "got tuple"),
        ((ROWS[0], FM(N)), "got FM"),
        ((Mine(N), ROWS[0]), "LR, FM, NFM, DeepFM; got Mine"),
        ((nn.Linear(2, 1), ROWS[0]), "got Linear"),
        (([FM(N), "NFM"], ROWS[0]), "got str"),
        (([], ROWS[0]), "got no model"),
        ((FM(N), ROWS[0], ["user", "movie"]), "or its 5 slots' names; got .'user', 'movie'."),
        ((FM(N), ROWS[0], "abcde"), "names takes the encoder that made the row"),
        ((FM(N), ROWS[0], 5), "names takes the encoder that made the row"),
        ((FM(N), ROWS[0], Encoder(["user"]).fit(TABLE)), "the encoder in names and the row .* different vocabularies"),
        ((FM(3), ROWS[0]), "has no embedding; the table has ids 0 to 2"),
        ((DeepFM(N, [0, 1]), ROWS[0]), "was built for 2 slots, got 5"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_remedy(arguments, said):
    with pytest.raises(ValueError, match=said):
        trace(*arguments)


def test_a_model_of_another_vocabulary_is_refused():
    model = built("FM")
    model.fingerprint = "another"
    with pytest.raises(ValueError, match="the model FM and the row belong to different vocabularies"):
        trace(model, ROWS[0])
