"""libFM files: what is written is read back, the fast parser equals the careful one, mistakes are named."""

import gzip
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfm_tutorial import data
from nfm_tutorial.data import libfm
from nfm_tutorial.encoding import Encoder, Examples

SLOW = [HealthCheck.too_slow]  # the machine may be busy
FILES = settings(max_examples=80, deadline=None, suppress_health_check=SLOW + [HealthCheck.function_scoped_fixture])


def write(folder, text, name="some.libfm"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- reading ----------------------------------------------------------------------------------------------------


def test_ids_move_up_by_one_and_short_lines_are_padded(tmp_path):
    path = write(tmp_path, "1 0:1 7:0.5 3:-2\n# nothing here\n\n-1 2:1e-1# no blank before\n0.25\n")
    examples = data.read_libfm(path)
    assert examples.ids.tolist() == [[1, 8, 4], [3, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(examples.values, [[1, 0.5, -2], [0.1, 0, 0], [0, 0, 0]])
    assert examples.target.tolist() == [1, -1, 0.25]
    assert examples.n_features == 9  # ids 0 to 7 of the file, and padding
    assert examples.field_of_slot.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "text", ["1 4:1\r\n0 5:1\r\n", "\ufeff1 4:1\n0 5:1", " 1\t4:1 \n\n  \n0  5:1", "+1 04:1.\n0.0 5:.1e+1\n"]
)
def test_other_line_ends_blanks_and_ways_to_write_a_number(tmp_path, text):
    examples = data.read_libfm(write(tmp_path, text))
    assert examples.ids.tolist() == [[5], [6]] and examples.values.tolist() == [[1], [1]]
    assert examples.target.tolist() == [1, 0]


def test_asking_for_more_slots_and_features(tmp_path):
    path = write(tmp_path, "1 0:1\n\n0 0:1 1:1\n")
    wide = data.read_libfm(path, n_slots=4, n_features=10)
    assert wide.ids.tolist() == [[1, 0, 0, 0], [1, 2, 0, 0]] and wide.n_features == 10
    assert data.read_libfm(path, n_features=3).n_features == 3
    with pytest.raises(ValueError, match=r"some\.libfm, line 3: 2 pairs, but n_slots=1"):
        data.read_libfm(path, n_slots=1)
    with pytest.raises(ValueError, match=r"some\.libfm, line 3: id 1 is too large for n_features=2.*up to 0 fit"):
        data.read_libfm(path, n_features=2)
    with pytest.raises(ValueError, match="n_slots must be a whole number of at least 1, got 0"):
        data.read_libfm(path, n_slots=0)


def test_line_without_pairs_only(tmp_path):
    examples = data.read_libfm(write(tmp_path, "1\n0\n"))
    assert examples.n_slots == 1 and examples.n_features == 1 and examples.nonzero.tolist() == [0, 0]


NUMBERS = ["1", "-1", "+1", "0", "0.5", ".5", "5.", "1e3", "-2.5E-3", "1e-60", "3.4e38", "123456789"]
ODD = ["nan", "inf", "-inf", "1_0", "0x1f", "1e", "--1", "", "one", "1e39", "1,5", "١", "1d3", "-", "1-2", "1+1"]
IDS = ["0", "1", "007", "5382", str(libfm.LARGEST_ID)]
ODD_IDS = ["-1", "1.0", "1e2", "x", "", "+1", str(libfm.LARGEST_ID + 1), "9" * 30, "9" * 5000, "0" * 30 + "9" * 20]


@st.composite
def files(draw):
    """Text that is nearly a libFM file: at most one thing is wrong with it."""
    odd = draw(st.booleans())
    number, ids = st.sampled_from(NUMBERS), st.sampled_from(IDS)
    pair = st.builds("{}:{}".format, ids, number)
    gap = st.sampled_from([" ", "  ", "\t", " \t"])
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        words = [draw(number)] + draw(st.lists(pair, max_size=4))
        line = draw(gap).join(words) + draw(st.sampled_from(["", " ", " # 1:x", "#"]))
        lines.append(draw(st.sampled_from([line, line, " " + line, "", "  ", "# all of it"])))
    if odd:
        bad_pair = st.one_of(
            st.builds("{}:{}".format, st.sampled_from(ODD_IDS), number),
            st.builds("{}:{}".format, ids, st.sampled_from(ODD)),
            st.sampled_from(["1:2:3", "1::2", ":", "12", "1 :2", "1: 2", "5=1"]),
        )
        bad = st.one_of(st.builds("1 3:1 {} 4:1".format, bad_pair), st.builds("{} 3:1".format, st.sampled_from(ODD)))
        lines.insert(draw(st.integers(0, len(lines))), draw(bad))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(files())
def test_fast_parser_gives_the_same_as_the_careful_one_or_nothing(text):
    fast = libfm._parse_fast(text)
    try:
        careful = libfm._parse_carefully(text, "file")
    except ValueError as error:
        assert fast is None
        assert re.match(r"file, line \d+: ", str(error))
    else:
        if fast is not None:
            for a, b in zip(fast, careful, strict=True):
                np.testing.assert_array_equal(a, b)
        assert fast is not None or not len(careful[0])  # it may give up on a file without examples only


@pytest.mark.parametrize("line", ["1-2 :5", "1-2 5:", "1-2 3:x", "1 :5", "1 5:", "1 : 5", "1 2:3 x", "x 2:3"])
def test_fast_parser_gives_up_on_what_is_not_a_number(line):
    assert libfm._parse_fast(line.encode()) is None
    assert libfm._parse_fast(b"1 2:3\n" + line.encode() + b"\n1 2:3") is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("one 3:1", "the label 'one' is not a finite number"),
        ("nan 3:1", "the label 'nan' is not a finite number"),
        ("1:1 3:1", "the label '1:1' is not a finite number"),
        ("1e39 3:1", "the label '1e39' is too large for a 32-bit number"),
        ("1 3:inf", "the value of '3:inf' is not a finite number"),
        ("1 3:", "the value of '3:' is not a finite number"),
        ("1 3:1:1", "the value of '3:1:1' is not a finite number"),
        ("1 3", "'3' is not a pair id:value"),
        ("1 3 :1", "'3' is not a pair id:value"),
        ("1 -3:1", "the id of '-3:1' is not a whole number, 0 or more"),
        ("1 3.5:1", "the id of '3.5:1' is not a whole number, 0 or more"),
        ("1 :1", "the id of ':1' is not a whole number, 0 or more"),
        ("1 user:1", "the id of 'user:1' is not a whole number"),
        ("1 2147483647:1", "the id of '2147483647:1' is too large; ids go up to 2147483646"),
        ("1 " + "9" * 5000 + ":1", "...' is too large; ids go up to 2147483646"),
        ("1 " + "0" * 30 + "9" * 20 + ":1", "...' is too large; ids go up to 2147483646"),
        ("1 \x00:1", "the id of '\\x00:1' is not a whole number"),
        ("1 " + "x" * 200, "'" + "x" * 40 + "...' is not a pair"),
    ],
)
@pytest.mark.parametrize("number", [1, 3])
def test_mistakes_are_named_with_file_line_and_token(tmp_path, line, message, number):
    text = "\n" * (number > 1) + "0 1:1\n" * (number > 1) + line + "\n1 2:1\n"
    with pytest.raises(ValueError, match=rf"some\.libfm, line {number}: .*{re.escape(message)}"):
        data.read_libfm(write(tmp_path, text))


def test_bytes_that_are_no_text_are_shown_and_not_decoded(tmp_path):
    with pytest.raises(ValueError, match=re.escape(r"line 1: '\\xff\\xfe1:1' is not a pair") + "|id of"):
        data.read_libfm(write(tmp_path, b"1 \xff\xfe1:1\n"))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_file_without_examples(tmp_path, text):
    with pytest.raises(ValueError, match=r"some\.libfm has no examples"):
        data.read_libfm(write(tmp_path, text))


def test_missing_file_or_folder(tmp_path):
    for path in (tmp_path / "none.libfm", tmp_path):
        with pytest.raises(FileNotFoundError, match="is not a file; give the path of a libFM file"):
            data.read_libfm(path)


def test_ordinary_file_never_takes_the_slow_path(tmp_path, monkeypatch):
    # The careful parser is about ten times slower: 200,000 lines of ten pairs would take 10 s instead of 1 s.
    monkeypatch.setattr(libfm, "_parse_carefully", None)
    line = "-1 451:1 4149:1 5041:1 5046:0.5 5053:1 5055:1 5058:1 5060:1 5069:1 5149:1\n"
    examples = data.read_libfm(write(tmp_path, line * 2000))
    assert len(examples) == 2000 and examples.n_slots == 10 and examples.ids[-1].tolist()[:2] == [452, 4150]


@pytest.mark.parametrize("line", ["1 3:1 3:2", "1 7:1 3:1 0:1 3:1", "1 3:0 5:1 03:0"])
def test_an_id_twice_in_a_line_is_named(tmp_path, line):
    path = write(tmp_path, f"0 3:1 4:1\n\n0 3:1\n{line}\n1 9:1 9:1\n")
    with pytest.raises(ValueError, match=r"some\.libfm, line 4: id 3 stands there twice\. Add .* up, or keep one"):
        data.read_libfm(path)


@FILES
@given(st.lists(st.lists(st.integers(0, 6), max_size=4), min_size=1, max_size=5))
def test_an_id_twice_is_found_as_by_a_set(tmp_path, rows):
    path = write(tmp_path, "".join("1 " + " ".join(f"{i}:1" for i in row) + "\n" for row in rows))
    wrong = [line for line, row in enumerate(rows, 1) if len(set(row)) < len(row)]
    if wrong:
        with pytest.raises(ValueError, match=rf"line {wrong[0]}: id \d stands there twice"):
            data.read_libfm(path)
    else:
        assert len(data.read_libfm(path)) == len(rows)


@pytest.mark.parametrize("name", ["some.libfm.gz", "some.libfm"])
def test_packed_files_are_unpacked_whatever_their_name(tmp_path, name):
    packed = gzip.compress(b"1 0:1 7:0.5\n-1 2:1\n")
    assert data.read_libfm(write(tmp_path, packed, name)).ids.tolist() == [[1, 8], [3, 0]]
    middle = len(packed) // 2
    for damaged in (packed[:-10], packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :]):
        with pytest.raises(ValueError, match=rf"{re.escape(name)} is no gzip file, or damaged .*copy or download it"):
            data.read_libfm(write(tmp_path, damaged, name))


def test_a_name_that_says_gz_on_a_file_that_is_none(tmp_path):
    with pytest.raises(ValueError, match=r"some\.libfm\.gz is no gzip file"):
        data.read_libfm(write(tmp_path, "1 0:1\n", "some.libfm.gz"))


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named_with_the_remedy(tmp_path, coding):
    with pytest.raises(ValueError, match=r"some\.libfm is in UTF-16, or no text at all; save it as UTF-8"):
        data.read_libfm(write(tmp_path, "1 0:1 7:0.5\n-1 2:1\n".encode(coding)))


@pytest.mark.parametrize("path", [None, 3, b"some.libfm", Examples([[1]], [[1.0]], [1])])
def test_what_is_no_path_is_named(path):
    for read in (data.read_libfm, data.read_libfm_folder, data.libfm_paths):
        with pytest.raises(ValueError, match=f"give the path of a libFM file.*got {type(path).__name__}"):
            read(path)


def machine_with(monkeypatch, gigabytes):
    monkeypatch.setattr(os, "sysconf", lambda name: 2**30 if name == "SC_PAGE_SIZE" else gigabytes, raising=False)


def test_an_id_that_no_model_has_room_for_is_named(tmp_path, monkeypatch):
    machine_with(monkeypatch, 8)
    path = write(tmp_path, "1 0:1\n\n0 3:1 2000000000:1\n1 5:1\n")
    message = r"some\.libfm, line 3: id 2000000000 is too large .*memory.*renumber.*hash"
    for n_features in (None, 2_000_000_002):
        with pytest.raises(ValueError, match=message):
            data.read_libfm(path, n_features=n_features)
    write(tmp_path, "1 0:1\n", "train.libfm")
    write(tmp_path, "1 0:1\n", "validation.libfm")
    path.rename(tmp_path / "test.libfm")
    with pytest.raises(ValueError, match=r"test\.libfm, line 3: id 2000000000"):
        data.read_libfm_folder(tmp_path)
    machine_with(monkeypatch, 64)
    assert data.read_libfm_folder(tmp_path).train.n_features == 2_000_000_002


LIMITED = """
import resource, sys
from nfm_tutorial import data

used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, -1))
try:
    data.read_libfm(sys.argv[1])
except ValueError as error:
    print(error)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks Linux for the memory in use")
def test_one_long_line_among_short_ones_is_named_before_it_fills_the_memory(tmp_path):
    long = "1 " + " ".join(f"{i}:1" for i in range(100_000)) + "\n"
    path = write(tmp_path, "0 1:1 2:1\n" * 500 + long + "1 3:1\n" * 500)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True)
    assert "line 501: 100,000 pairs, while a line has 101.4 on average. Every line padded" in done.stdout
    assert "takes 1.1 GB" in done.stdout and "drop that line, or split it" in done.stdout and not done.stderr


def test_padding_is_refused_only_if_it_is_large_and_nearly_all(tmp_path, monkeypatch):
    monkeypatch.setattr(libfm, "MANY_CELLS", 300)
    line = " ".join(f"{i}:1" for i in range(100))
    few = write(tmp_path, f"1 {line}\n" + "1 0:1\n" * 2)
    assert data.read_libfm(few).ids.shape == (3, 100)  # 300 cells are not above the limit
    with pytest.raises(ValueError, match=r"n_slots=2,000 takes .*; lower n_slots"):
        data.read_libfm(few, n_slots=2000)
    with pytest.raises(ValueError, match="line 1: 100 pairs, while a line has 2.0 on average"):
        data.read_libfm(write(tmp_path, f"1 {line}\n" + "1 0:1\n" * 99))
    assert data.read_libfm(write(tmp_path, f"1 {line}\n1 0:1\n" * 99)).ids.shape == (198, 100)  # half is padding
    assert len(data.read_libfm(write(tmp_path, "1\n" * 1000))) == 1000  # no pairs at all


# --- writing ----------------------------------------------------------------------------------------------------


@st.composite
def examples(draw):
    n, s = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    ids = [list(draw(st.permutations(range(1, 10)))[:s]) for _ in range(n)]  # no id twice in a row
    values = [[draw(number) for _ in range(s)] for _ in range(n)]
    for i, row in enumerate(ids):  # padding stands last
        for slot in range(draw(st.integers(0, s)), s):
            row[slot], values[i][slot] = 0, 0.0
    labels = [draw(number) for _ in range(n)]
    return Examples(ids, np.array(values, dtype=np.float32), np.array(labels, dtype=np.float32))


@FILES
@given(examples())
def test_what_is_written_is_read_back_exactly(tmp_path, written):
    path = tmp_path / "round.libfm"
    data.write_libfm(path, written)
    read = data.read_libfm(path, n_slots=written.n_slots)
    assert torch.equal(read.ids, written.ids)
    assert torch.equal(read.values, written.values) and torch.equal(read.target, written.target)
    assert b"\r" not in path.read_bytes() and path.read_bytes().count(b"\n") == len(written)


def test_written_text_is_plain(tmp_path):
    path = tmp_path / "plain.libfm"
    data.write_libfm(path, Examples([[1, 0, 3], [2, 4, 0]], [[1, 0, 0.1], [-2.5, 0, 0]], [1, -1]))
    assert path.read_bytes() == b"1 0:1 2:0.1\n-1 1:-2.5 3:0\n"
    assert os.listdir(tmp_path) == ["plain.libfm"]


def test_writing_needs_labels(tmp_path):
    with pytest.raises(ValueError, match="no labels"):
        data.write_libfm(tmp_path / "x.libfm", Examples([[1]], [[1.0]]))
    assert os.listdir(tmp_path) == []


def test_writing_refuses_an_id_twice_in_a_row_and_swapped_arguments(tmp_path):
    twice = Examples([[1, 2, 0], [4, 3, 4]], [[1, 1, 0], [1, 1, 0]], [1, 0])
    with pytest.raises(ValueError, match="row 1: id 4 stands in two slots. Add .* up, or keep one"):
        data.write_libfm(tmp_path / "x.libfm", twice)
    with pytest.raises(ValueError, match=r"write_libfm\(path, examples\) .* got \(Examples, PosixPath|WindowsPath"):
        data.write_libfm(twice[:1], tmp_path / "x.libfm")
    with pytest.raises(ValueError, match="got .*, DataFrame"):
        data.write_libfm(tmp_path / "x.libfm", data.planted(5))
    with pytest.raises(ValueError, match="the path of a file is needed, got NoneType"):
        data.write_libfm(None, twice[:1])
    assert os.listdir(tmp_path) == []


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write(tmp_path, "1 1:1\n", "kept.libfm")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        data.write_libfm(path, Examples([[1]], [[1.0]], [1]))
    assert path.read_bytes() == b"1 1:1\n" and os.listdir(tmp_path) == ["kept.libfm"]
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        data.write_libfm(tmp_path / "none" / "x.libfm", Examples([[1]], [[1.0]], [1]))


# --- folders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "frappe.", "ml-tag."])
def test_parts_of_a_folder_agree_on_slots_and_features(tmp_path, prefix):
    write(tmp_path, "1 0:1\n", f"{prefix}train.libfm")
    write(tmp_path, "1 0:1 1:1 2:1\n", f"{prefix}validation.libfm")
    write(tmp_path, "0 8:1\n1 2:1\n", f"{prefix}test.libfm")
    parts = data.read_libfm_folder(tmp_path)
    assert [len(part) for part in parts] == [1, 1, 2]
    assert {part.n_slots for part in parts} == {3} and {part.n_features for part in parts} == {10}
    assert {part[:1].n_features for part in parts} == {10}
    assert parts.test.ids.tolist() == [[9, 0, 0], [3, 0, 0]]
    assert [path.name for path in data.libfm_paths(tmp_path)] == [
        f"{prefix}{part}.libfm" for part in ("train", "validation", "test")
    ]


def test_a_folder_of_packed_files_and_of_both(tmp_path):
    for part in ("train", "validation", "test"):
        write(tmp_path, gzip.compress(b"1 0:1\n"), f"f.{part}.libfm.gz")
    write(tmp_path, "1 0:1\n0 1:1\n", "f.validation.libfm")  # unpacked by hand: taken
    assert [len(part) for part in data.read_libfm_folder(tmp_path)] == [1, 2, 1]
    write(tmp_path, "1 0:1\n", "f.train.libfm")
    assert data.libfm_paths(tmp_path).train.name == "f.train.libfm"
    write(tmp_path, gzip.compress(b"1 0:1\n"), "g.train.libfm.gz")
    with pytest.raises(ValueError, match=r"several training files \(f\.train\.libfm, g\.train\.libfm\)"):
        data.libfm_paths(tmp_path)


def test_planted_truth_survives_a_folder(tmp_path):
    splits = data.planted_splits(300, 100, 100)
    encoder = Encoder(data.planted_fields()).fit(splits.train)
    written = [encoder.transform(frame) for frame in splits]
    for part, name in zip(written, ("train", "validation", "test"), strict=True):
        data.write_libfm(tmp_path / f"planted.{name}.libfm", part)
    for a, b in zip(written, data.read_libfm_folder(tmp_path), strict=True):
        assert torch.equal(a.ids, b.ids) and torch.equal(a.values, b.values) and torch.equal(a.target, b.target)
        assert b.n_features == int(max(part.ids.max() for part in written)) + 1


def test_what_a_folder_lacks_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        data.read_libfm_folder(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"no file train\.libfm.*the folder is empty"):
        data.read_libfm_folder(tmp_path)
    write(tmp_path, "1 0:1\n", "frappe.train.libfm")
    write(tmp_path, "1 0:1\n", "validation.libfm")
    with pytest.raises(FileNotFoundError, match=r"frappe\.validation\.libfm is missing beside frappe\.train"):
        data.read_libfm_folder(tmp_path)
    write(tmp_path, "1 0:1\n", "train.libfm")
    with pytest.raises(ValueError, match=r"several training files \(frappe\.train\.libfm, train\.libfm\)"):
        data.read_libfm_folder(tmp_path)


@pytest.mark.parametrize("n", [1, 8, 9])
def test_a_folder_without_a_training_file_is_described_by_its_first_eight_names(tmp_path, n):
    names = [f"{letter}.txt" for letter in "abcdefghi"[:n]]
    for name in names:
        write(tmp_path, "", name)
    listed = ", ".join(names[:8]) + (", ..." if n > 8 else "")
    with pytest.raises(FileNotFoundError, match=re.escape(f"the folder has {listed}") + "$"):
        data.libfm_paths(tmp_path)
