"""Tables to ids and values. The oracle is a plain-Python encoder that knows names, not ids."""

import json
import math
import statistics

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nfm_tutorial.encoding import Encoder, Examples, Field, Span

quick = settings(deadline=None, max_examples=40, derandomize=True)

TABLE = pd.DataFrame(
    {
        "user": [7, 3, 7, 5],
        "tags": ["b|a", "c", "", "a|b|c"],
        "price": [1.0, 3.0, np.nan, 5.0],
        "label": [1, 0, 0, 1],
    }
)
FIELDS = (Field("user"), Field("tags", "multi", max_values=2), Field("price", "numeric"))


def named(encoder, examples):
    """Each row as (feature name, value) pairs, zero values left out: what the ids mean, whatever their numbers."""
    rows = []
    for ids, values in zip(examples.ids.tolist(), examples.values.tolist()):
        rows.append(sorted((encoder.name_of(i), x) for i, x in zip(ids, values) if x != 0))
    return rows


def naive(train, table, max_values):
    """What TABLE-like rows should become, by hand."""
    seen_users = {user for user in train["user"] if user is not None}
    seen_tags = {t for cell in train["tags"] if cell for t in list(dict.fromkeys(cell.split("|")))[:max_values] if t}
    prices = [p for p in train["price"] if p is not None]
    mean, std = statistics.fmean(prices), statistics.pstdev(prices) or 1.0
    rows = []
    for user, tags, price in zip(table["user"], table["tags"], table["price"]):
        row = [(f"user={user}" if user in seen_users else "user=unknown", 1.0)]
        kept = [t for t in dict.fromkeys((tags or "").split("|")) if t][:max_values]
        kept = list(dict.fromkeys(f"tags={t}" if t in seen_tags else "tags=unknown" for t in kept))
        row += [(name, 1 / math.sqrt(len(kept))) for name in kept]
        if price is None:
            row.append(("price=unknown", 1.0))
        elif price != mean:
            row.append(("price=value", (price - mean) / std))
        rows.append(sorted(row))
    return rows


users = st.one_of(st.none(), st.sampled_from("uvwxyz"))
cells = st.one_of(st.none(), st.lists(st.sampled_from("abcde"), max_size=4).map("|".join))
prices = st.one_of(st.none(), st.integers(-5, 5).map(float))
rows = st.tuples(users, cells, prices)


def frame_of(rows):
    types = {"user": object, "tags": object, "price": float}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


# --- what Encoder makes of a table ---------------------------------------------------------------------------


@quick
@given(st.lists(rows, min_size=1, max_size=8), st.lists(rows, min_size=1, max_size=8), st.integers(1, 3))
def test_encoding_equals_plain_python(train, other, max_values):
    if all(price is None for *_, price in train):
        train = [*train, ("u", "a", 2.0)]
    encoder = Encoder([Field("user"), Field("tags", "multi", max_values=max_values), Field("price", "numeric")])
    encoder.fit(frame_of(train))
    columns = ("user", "tags", "price")
    expected = naive(dict(zip(columns, zip(*train))), dict(zip(columns, zip(*other))), max_values)
    examples = encoder.transform(frame_of(other))
    for got, want in zip(named(encoder, examples), expected, strict=True):
        assert [name for name, _ in got] == [name for name, _ in want]
        assert [x for _, x in got] == pytest.approx([x for _, x in want], rel=1e-6, abs=1e-7)
    assert examples.ids.dtype == torch.int64 and examples.values.dtype == torch.float32
    assert examples.ids.shape == (len(other), 2 + max_values)


@quick
@given(st.lists(rows, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_row_order_does_not_change_the_ids(train, random):
    train = [*train, ("u", "a", 2.0)]
    fields = [Field("user"), Field("tags", "multi"), Field("price", "numeric", standardize=False)]
    one = Encoder(fields).fit(frame_of(train))
    shuffled = list(train)
    random.shuffle(shuffled)
    assert Encoder(fields).fit(frame_of(shuffled)).to_dict() == one.to_dict()


@quick
@given(st.lists(rows, min_size=1, max_size=6), st.lists(rows, max_size=6))
def test_each_field_owns_one_range_of_ids(train, other):
    train = [*train, ("u", "a", 2.0)]
    encoder = Encoder([Field("user"), Field("tags", "multi"), Field("price", "numeric")]).fit(frame_of(train))
    assert encoder.spans[0].start == 1  # 0 is padding
    for before, after in zip(encoder.spans, encoder.spans[1:]):
        assert before.stop == after.start
    assert encoder.spans[-1].stop == encoder.n_features
    examples = encoder.transform(frame_of(other))
    for slot, field in enumerate(examples.field_of_slot.tolist()):
        span = encoder.spans[field]
        ids, values = examples.ids[:, slot], examples.values[:, slot]
        assert (((ids >= span.start) & (ids < span.stop)) | ((ids == 0) & (values == 0))).all()
    assert encoder.name_of(0) == "padding"
    assert [encoder.name_of(span.start) for span in encoder.spans] == ["user=unknown", "tags=unknown", "price=unknown"]


def test_ids_and_values_of_a_table_worked_out_by_hand():
    encoder = Encoder(FIELDS).fit(TABLE)
    examples = encoder.transform(TABLE)
    half = 1 / math.sqrt(2)
    std = statistics.pstdev([1, 3, 5])
    # user: unknown 1, then 3, 5, 7 are 2, 3, 4; tags: unknown 5, then a, b, c are 6, 7, 8; price: unknown 9, value 10
    assert examples.ids.tolist() == [[4, 7, 6, 10], [2, 8, 0, 10], [4, 0, 0, 9], [3, 6, 7, 10]]
    expected = [[1, half, half, -2 / std], [1, 1, 0, 0], [1, 0, 0, 1], [1, half, half, 2 / std]]
    np.testing.assert_allclose(examples.values.numpy(), expected, rtol=1e-6)
    assert examples.field_of_slot.tolist() == [0, 1, 1, 2]
    assert examples.target.tolist() == [1, 0, 0, 1]
    assert examples.spans == (
        Span("user", "categorical", 1, 5), Span("tags", "multi", 5, 9), Span("price", "numeric", 9, 11)
    )  # fmt: skip
    assert examples.n_features == encoder.n_features == 11
    assert examples.nonzero.tolist() == [4, 2, 2, 4]


def test_unseen_and_missing_values_get_their_own_fields_unknown_id():
    encoder = Encoder(FIELDS).fit(TABLE)
    new = pd.DataFrame({"user": [99, np.nan], "tags": ["zz|a", None], "price": [2.0, np.nan]})
    examples = encoder.transform(new)
    assert examples.ids.tolist() == [[1, 5, 6, 10], [1, 0, 0, 9]]
    assert examples.values[1].tolist() == [1, 0, 0, 1]
    assert examples.target is None


def test_multi_cells_may_be_sequences_or_another_separator():
    joined = pd.DataFrame({"tags": ["b|a", "c", "", "a|b|c"]})
    lists = pd.DataFrame({"tags": [["b", "a"], ("c",), [], np.array(["a", "b", "c"])]})
    spaced = pd.DataFrame({"tags": ["b a", "c", "", "a b c"]})
    one = Encoder([Field("tags", "multi")]).fit_transform(joined)
    for table, sep in ((lists, "|"), (spaced, " ")):
        other = Encoder([Field("tags", "multi", sep=sep)]).fit_transform(table)
        assert torch.equal(one.ids, other.ids) and torch.equal(one.values, other.values)
    assert one.n_slots == 3  # the most that fit saw


def test_a_multi_cell_longer_than_its_slots_keeps_the_first_values():
    encoder = Encoder([Field("tags", "multi")]).fit(pd.DataFrame({"tags": ["a|b", "c"]}))
    examples = encoder.transform(pd.DataFrame({"tags": ["c|b|a", "a|a|a"]}))
    assert named(encoder, examples)[0] == [("tags=b", pytest.approx(0.5**0.5)), ("tags=c", pytest.approx(0.5**0.5))]
    assert named(encoder, examples)[1] == [("tags=a", 1.0)]  # a repeated value counts once


def test_numeric_field_without_standardisation_keeps_the_number_and_a_constant_becomes_zero():
    table = pd.DataFrame({"price": [2.0, 4.0, 4.0]})
    raw = Encoder([Field("price", "numeric", standardize=False)]).fit_transform(table)
    assert raw.values[:, 0].tolist() == [2, 4, 4]
    constant = Encoder([Field("price", "numeric")]).fit_transform(table[1:])
    assert constant.values[:, 0].tolist() == [0, 0]


def test_standardisation_uses_the_training_rows_only():
    encoder = Encoder([Field("price", "numeric")]).fit(TABLE)
    shifted = encoder.transform(pd.DataFrame({"price": [103.0]}))
    assert float(shifted.values[0, 0]) == pytest.approx((103 - 3) / statistics.pstdev([1, 3, 5]))


def test_names_and_ids_are_inverse():
    encoder = Encoder(FIELDS).fit(TABLE)
    for field in ("user", "tags"):
        for value, feature in encoder.ids_of(field).items():
            assert encoder.id_of(field, value) == feature
            assert encoder.name_of(feature) == f"{field}={value}"
    assert encoder.id_of("user", 99) == 1 and encoder.id_of("tags", "zz") == 5
    assert encoder.name_of(10) == "price=value"


@pytest.mark.parametrize("words", [[3, 1, 2], ["b", "ä", "c"], [1.5, 0.5, 2.5], [True, False, True]])
def test_an_encoder_survives_json(words):
    table = pd.DataFrame({"word": words, "tags": ["a|b", "c", ""], "x": [1.0, 2.0, 4.0], "y": [0, 1, 1]})
    encoder = Encoder(["word", Field("tags", "multi", sep="|"), Field("x", "numeric")], target="y").fit(table)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    one, two = encoder.transform(table), again.transform(table)
    assert torch.equal(one.ids, two.ids) and torch.equal(one.values, two.values) and torch.equal(one.target, two.target)
    assert one.spans == two.spans and again.n_features == encoder.n_features and again.fields == encoder.fields


def test_the_label_column_may_have_another_name_and_be_boolean():
    table = TABLE.assign(clicked=[True, False, True, False])
    assert Encoder(["user"], target="clicked").fit_transform(table).target.tolist() == [1, 0, 1, 0]


def test_a_table_without_rows_can_be_transformed_but_not_learned_from():
    encoder = Encoder(FIELDS).fit(TABLE)
    assert len(encoder.transform(TABLE[:0])) == 0
    with pytest.raises(ValueError, match="no rows"):
        encoder.fit(TABLE[:0])


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_column_types_of_pandas_do_not_matter(dtype):
    table = pd.DataFrame({"city": ["Rome", "Oslo", None, "Rome"], "tags": ["a|b", None, "b", "c"]})
    fields = ["city", Field("tags", "multi")]
    examples = Encoder(fields).fit(table).transform(table.astype(dtype))
    assert examples.ids[:, 0].tolist() == [3, 2, 1, 3]
    assert examples.ids.tolist() == Encoder(fields).fit_transform(table.astype(dtype)).ids.tolist()


def test_reprs_tell_what_is_inside():
    encoder = Encoder(FIELDS)
    assert repr(encoder) == "Encoder(user, tags, price): not fitted yet"
    examples = encoder.fit_transform(TABLE)
    assert repr(encoder) == "Encoder: 11 features = padding + per field one unknown + (user 3, tags 3, price 1)"
    text = repr(examples)
    assert "4 rows, 4 slots (user, tags x2, price), 11 features" in text
    assert "target: 0: 2, 1: 2" in text
    assert "row 0: user:4=1  tags:7=0.707  tags:6=0.707  price:10=-1.22" in text
    assert "target: none" in repr(Examples([[1]], [[1.0]]))
    assert "target: 0 to 5, mean 2.5" in repr(Examples([[1]] * 6, [[1.0]] * 6, range(6)))
    assert "field 0, field 2" in repr(Examples([[1, 2]], [[1.0, 1.0]], field_of_slot=[0, 2]))
    assert "0 rows" in repr(examples[:0])


# --- Examples as a table --------------------------------------------------------------------------------------


@quick
@given(st.data())
def test_rows_are_chosen_as_in_numpy(data):
    n = data.draw(st.integers(1, 9))
    ids, values, target = np.arange(2 * n).reshape(n, 2), np.random.default_rng(0).random((n, 2)), np.arange(n)
    examples = Examples(ids, values.astype(np.float32), target)
    index = data.draw(
        st.one_of(
            st.slices(n).filter(lambda s: s.step is None or s.step > 0),
            st.lists(st.integers(-n, n - 1), max_size=5),
            st.lists(st.booleans(), min_size=n, max_size=n),
        )
    )
    key, forms = index, [index]
    if isinstance(index, list):
        key = np.array(index, dtype=bool if index and isinstance(index[0], bool) else int)
        forms = [index, key, torch.from_numpy(key), pd.Series(key)]
    for given_index in forms:
        part = examples[given_index]
        assert isinstance(part, Examples) and len(part) == len(target[key])
        np.testing.assert_array_equal(part.ids.numpy(), ids[key])
        np.testing.assert_array_equal(part.values.numpy(), values.astype(np.float32)[key])
        np.testing.assert_array_equal(part.target.numpy(), target[key])
        assert torch.equal(part.field_of_slot, examples.field_of_slot)


def test_one_row_stays_examples():
    examples = Encoder(FIELDS).fit_transform(TABLE)
    for row in (0, 3, -1, -4, np.int64(2)):
        assert torch.equal(examples[row].ids, examples.ids[[row]]) and len(examples[row]) == 1
    assert [int(row.target) for row in examples] == [1, 0, 0, 1]
    assert examples[0].spans == examples.spans


def test_examples_keep_float64_and_move_to_a_device():
    examples = Examples([[1, 2]], np.ones((1, 2)), [0.1])
    assert examples.values.dtype == examples.target.dtype == torch.float64
    assert Examples([[1]], torch.ones(1, 1, dtype=torch.float16)).values.dtype == torch.float32
    assert Examples(np.array([[1]], dtype=np.uint8), [[1]]).ids.dtype == torch.int64
    moved = examples.to("meta")
    assert moved.ids.device.type == moved.values.device.type == moved.target.device.type == "meta"
    assert examples.ids.device.type == "cpu"


def test_ranges_and_counts():
    examples = Examples([[1, 2], [3, 0]], [[1.0, 0.5], [1.0, 0.0]], [-1, 1])
    assert examples.target_range == (-1.0, 1.0)
    assert examples.nonzero.tolist() == [2, 1]
    assert examples.n_features == 4 and examples.n_slots == 2
    assert Examples(np.zeros((0, 2), dtype=int), np.zeros((0, 2))).n_features == 1


# --- bad input ------------------------------------------------------------------------------------------------

SPANS = [("user", "categorical", 1, 5), ("item", "categorical", 5, 9)]
ONES = [[1.0, 1.0], [1.0, 1.0]]
GOOD = [[1, 5], [2, 6]]

BAD_EXAMPLES = {
    "float ids": (([[1.0, 2.0]], [[1.0, 1.0]]), r"ids must be whole numbers.*float64.*names, not magnitudes"),
    "boolean ids": (([[True, False]], [[1.0, 1.0]]), r"ids must be whole numbers.*bool"),
    "text ids": (([["a", "b"]], [[1.0, 1.0]]), r"ids must be one rectangular array of numbers"),
    "ragged ids": (([[1], [1, 2]], [[1.0]]), r"ids must be one rectangular array"),
    "flat ids": (([1, 2], [1.0, 1.0]), r"ids must have shape \(N, S\).*got \(2,\)"),
    "no slots": ((np.zeros((2, 0), dtype=int), np.zeros((2, 0))), r"at least one slot, got \(2, 0\)"),
    "negative id": (([[1, 5], [2, -6]], ONES), r"row 1, slot 1: id -6 is negative; ids start at 0"),
    "values of another shape": ((GOOD, [[1.0], [1.0]]), r"values has shape \(2, 1\) but ids has \(2, 2\)"),
    "NaN value": ((GOOD, [[1.0, 1.0], [np.nan, 1.0]]), r"row 1, slot 0: value nan is not finite; use 0 for absent"),
    "infinite value": ((GOOD, [[1.0, float("-inf")], [1.0, 1.0]]), r"row 0, slot 1: value -inf is not finite"),
    "target of another length": ((GOOD, ONES, [1]), r"target has shape \(1,\), expected \(2,\)"),
    "target as a column": ((GOOD, ONES, [[1], [0]]), r"target has shape \(2, 1\), expected \(2,\)"),
    "NaN target": ((GOOD, ONES, [0, float("nan")]), r"row 1: the target is nan"),
    "text target": ((GOOD, ONES, ["yes", "no"]), r"target must be one rectangular array of numbers"),
    "too few fields": ((GOOD, ONES, None, [0]), r"field_of_slot needs one whole number per slot \(2\), got \[0\]"),
    "fractional field": ((GOOD, ONES, None, [0.0, 1.0]), r"field_of_slot needs one whole number per slot"),
    "negative field": ((GOOD, ONES, None, [-1, 0]), r"field_of_slot counts fields from 0, got -1"),
    "field without a span": ((GOOD, ONES, None, [0, 2], SPANS), r"names field 2, but there are only 2 fields"),
    "id of another field": (
        ([[1, 5], [5, 6]], ONES, None, None, SPANS),
        r"row 1, slot 0: id 5 is outside field 'user', whose ids are 1 to 4.*another field's embedding; encode",
    ),
    "id past the last field": (([[1, 9]], ONES[:1], None, None, SPANS), r"row 0, slot 1: id 9 is outside field 'item'"),
    "padding with a value": (
        ([[1, 0], [2, 6]], ONES, None, None, SPANS),
        r"row 0, slot 1 \(field 'item'\): padding id 0 has value 1; padding must have value 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_EXAMPLES)
def test_bad_examples_are_refused(case):
    arguments, message = BAD_EXAMPLES[case]
    with pytest.raises(ValueError, match=message):
        Examples(*arguments)


def test_good_examples_are_not():
    Examples([[1, 0], [2, 6]], [[1.0, 0.0], [1.0, -2.0]], [0, 1], [0, 1], SPANS)


@pytest.mark.parametrize(
    "index, error, message",
    [
        (2, IndexError, "row 2 does not exist: there are 2 rows"),
        (-3, IndexError, "row -3 does not exist"),
        ([True], ValueError, r"a mask needs one entry per row \(2\), this one has \(1,\)"),
        ([0.5], ValueError, "a list of row numbers, got torch.float64"),
        ([[0, 1]], ValueError, r"of shape \(1, 2\)"),
        (["a"], ValueError, "the row index must be"),
        ([2], IndexError, "out of range|out of bounds"),
    ],
)
def test_bad_row_indices_are_refused(index, error, message):
    with pytest.raises(error, match=message):
        Examples(GOOD, ONES)[index]


@pytest.mark.parametrize("examples", [Examples(GOOD, ONES), Examples(GOOD, ONES, [0, 1])[:0]])
def test_no_target_range_without_labels(examples):
    with pytest.raises(ValueError, match="no labels, so there is no target range"):
        _ = examples.target_range


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Field(""), "needs the name of a column, got ''"),
        (lambda: Field(3), "needs the name of a column, got 3"),
        (lambda: Field("a", "number"), "'a': kind 'number' is unknown; choose one of 'categorical', 'multi', 'num"),
        (lambda: Field("a", max_values=2), "field 'a': max_values is for kind='multi', this field is 'categorical'"),
        (lambda: Field("a", "multi", max_values=0), "'a': max_values must be a whole number of at least 1, got 0"),
        (lambda: Field("a", "multi", max_values=1.5), "max_values must be a whole number of at least 1, got 1.5"),
        (lambda: Field("a", "multi", sep=""), "field 'a': sep must be a non-empty string"),
        (lambda: Encoder([]), "at least one field"),
        (lambda: Encoder(["a", Field("a", "numeric")]), "field 'a' is given twice"),
        (lambda: Encoder([3]), "Field objects or column names, got 3"),
        (lambda: Encoder(["a"]).transform(TABLE), "not learned any ids yet; call encoder.fit"),
        (lambda: Encoder(["a"]).n_features, "call encoder.fit"),
        (lambda: Encoder(["a"]).field_of_slot, "call encoder.fit"),
        (lambda: Encoder(["a"]).id_of("a", 1), "call encoder.fit"),
        (lambda: Encoder(["a"]).name_of(0), "call encoder.fit"),
        (lambda: Encoder(["a"]).to_dict(), "call encoder.fit"),
        (lambda: Encoder(["city"]).fit(TABLE), "no column 'city'; its columns are 'user', 'tags', 'price', 'label'"),
        (lambda: Encoder(["user"]).fit(TABLE).transform(TABLE[["tags"]]), "no column 'user'; its columns are 'tags'"),
        (lambda: Encoder(["user"]).fit([[1]]), "reads a pandas DataFrame, got list"),
        (lambda: Encoder(["user"]).fit(TABLE).id_of("city", 1), "no field 'city'; the fields are user"),
        (lambda: Encoder(["user"]).fit(TABLE).name_of(5), "id 5 does not exist; ids run from 0 to 4"),
        (lambda: Encoder(["user"]).fit(TABLE).name_of(-1), "id -1 does not exist"),
        (lambda: Encoder.from_dict({"fields": []}), "not a saved Encoder: 'target' is missing"),
        (lambda: Encoder.from_dict({"fields": [{"nme": 1}], "target": "y"}), "not a saved Encoder"),
    ],
)  # fmt: skip
def test_bad_fields_and_encoders_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "column, kind, message",
    [
        ([1, "a", 2], "categorical", "column 'c' mixes int and str; convert it to one type first"),
        ([["a"], ["b"], ["c"]], "categorical", r"column 'c' holds lists; use Field\('c', kind='multi'\)"),
        (["1", "x", "2"], "numeric", "column 'c', row 1: 'x' is not a number"),
        ([1.0, 2.0, np.inf], "numeric", "column 'c', row 2: inf is not a finite number; drop or fill"),
        ([np.nan] * 3, "numeric", "column 'c' has no number at all"),
        (pd.to_datetime(["2020-01-01"] * 3), "numeric", "column 'c' holds dates, not numbers.*such as the year"),
    ],
)
def test_bad_columns_are_refused(column, kind, message):
    with pytest.raises(ValueError, match=message):
        Encoder([Field("c", kind)]).fit(pd.DataFrame({"c": column}))


@pytest.mark.parametrize("label, message", [
    ([1, np.nan, 0, 0], "column 'label', row 1: nan is not a finite number"),
    ([1, 0, "yes", 0], "column 'label', row 2: 'yes' is not a number"),
])  # fmt: skip
def test_bad_labels_are_refused(label, message):
    with pytest.raises(ValueError, match=message):
        Encoder(["user"]).fit_transform(TABLE.assign(label=label))


def test_a_failed_fit_leaves_the_encoder_as_it_was():
    encoder = Encoder(FIELDS).fit(TABLE)
    before = encoder.to_dict()
    with pytest.raises(ValueError):
        encoder.fit(TABLE.assign(price="x"))
    assert encoder.to_dict() == before


def test_numbers_that_lie_close_together_are_standardised_too():
    prices = [0.1, 0.2, 0.3, 0.6]
    examples = Encoder([Field("price", "numeric")]).fit_transform(pd.DataFrame({"price": prices}))
    std = statistics.pstdev(prices)
    assert examples.values[:, 0].tolist() == pytest.approx([(price - 0.3) / std for price in prices], abs=1e-6)


def test_repr_leaves_zero_values_out_and_gives_each_part_a_line():
    text = "Examples: 1 rows, 2 slots (field 0, field 1), 2 features\n  target: none\n  row 0: field 0:1=1"
    assert repr(Examples([[1, 0]], [[1.0, 0.0]])) == text


def test_moving_to_a_device_changes_nothing_else():
    examples = Encoder(FIELDS).fit_transform(TABLE)
    moved = examples.to("cpu")
    for name in ("ids", "values", "target", "field_of_slot"):
        assert torch.equal(getattr(moved, name), getattr(examples, name)), name
    assert moved.spans == examples.spans


def test_the_target_range_is_two_plain_numbers():
    low, high = Examples([[1], [1]], [[1.0], [1.0]], [-1, 1]).target_range
    assert type(low) is type(high) is float
