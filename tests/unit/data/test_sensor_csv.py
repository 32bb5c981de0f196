"""CSV files of sensors as people have them: times of every kind, gaps, commas; refused where they are none."""

import numpy as np
import pytest
from fuzz_recordings import try_all

from pyapp.data.digits import DataError
from pyapp.data.importers.sensor_csv import looks_like_sensors, read
from pyapp.data.importers.source import File, of_bytes

WAVE = np.sin(np.arange(40) / 3).round(4)
DATES = [f"2024-05-01T12:00:{i:02}" for i in range(40)]


def table(*columns, head: str = "", separator: str = ",") -> bytes:
    rows = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([*([head] if head else []), *rows]).encode()


@pytest.mark.parametrize(("times", "head", "rate"), [
    (DATES, "time,a", 1.0), ([f"{date}Z" for date in DATES], "a date,a", 1.0),
    ([1714564800 + i / 4 for i in range(40)], "timestamp,a", 4.0),
    ([1714564800000 + 20 * i for i in range(40)], "t,a", 50.0), ([1714564800000 + 20 * i for i in range(40)], "", 50.0),
    ([10 * i for i in range(40)], "time (ms),a", 100.0), ([i / 8 for i in range(40)], "seconds,a", 8.0),
], ids=["iso", "zulu", "epoch", "milliseconds", "no heading", "ms", "seconds"])
def test_every_kind_of_time(times, head, rate):
    found = read(table(times, WAVE, head=head), "s.csv")
    assert found.timed and found.rate == pytest.approx(rate, rel=1e-9)
    assert found.values[:, 0].tolist() == WAVE.tolist() and len(found.channels) == 1


def test_a_count_of_rows_is_no_time_and_neither_is_a_sensor():
    for data in (table(range(40), WAVE), table(WAVE, WAVE), table(WAVE)):
        found = read(data, "s.csv")
        assert not found.timed and found.rate == 1 and found.values[:, 0].tolist() == WAVE.tolist()
    found = read(table(["10/03/2004"] * 40, WAVE, [""] * 40, head="Date;a;", separator=";"), "s.csv")
    assert not found.timed and found.channels == ("a",) and found.values[:, 0].tolist() == WAVE.tolist()
    assert "Date holds neither dates by ISO 8601" in found.notes[0] and "such as '10/03/2004'" in found.notes[0]


def test_semicolons_with_decimal_commas():
    commas = [str(value).replace(".", ",") for value in WAVE]
    found = read(table(DATES, commas, commas, head="Zeit;x;y", separator=";"), "s.csv")
    assert found.channels == ("x", "y") and found.values[:, 1].tolist() == WAVE.tolist()
    assert read(table(DATES, WAVE, head="time\tx", separator="\t"), "s.tsv").values[:, 0].tolist() == WAVE.tolist()


def test_a_number_that_stands_for_none_is_missing():
    """The largest float64, as some programs write it; float32's is a number whose square there still is."""
    line = np.arange(40) * 2.5
    found = read(table(DATES, [1.7976931348623157e308 if i in (7, 8) else value for i, value in enumerate(line)],
                       head="time,a"), "s.csv")
    np.testing.assert_allclose(found.values[:, 0], line, rtol=1e-12)
    assert "2 cells of a without a number below 1e+100, read as missing" in found.notes
    large = read(table(DATES, [3.4e38 if i == 7 else value for i, value in enumerate(line)], head="time,a"), "s.csv")
    assert large.values[7, 0] == 3.4e38 and np.isfinite(large.values.std())


def test_missing_cells_lie_on_a_line_and_uneven_times_are_resampled():
    line = np.arange(40) * 2.5
    cells = ["" if i in (7, 8) else "NaN" if i == 20 else value for i, value in enumerate(line)]
    found = read(table(DATES, cells, head="time,a"), "s.csv")
    np.testing.assert_allclose(found.values[:, 0], line, rtol=1e-12)
    assert "3 missing values, interpolated" in found.notes
    kept = [i for i in range(40) if i not in (10, 11, 30)]
    found = read(table([DATES[i] for i in kept], line[kept], head="time,a"), "s.csv")
    np.testing.assert_allclose(found.values[:, 0], line, rtol=1e-12)
    assert any("times are uneven (the longest gap is 3 s)" in note for note in found.notes)
    mixed = read(table(DATES[::-1], line[::-1], head="time,a"), "s.csv")
    assert mixed.values[:, 0].tolist() == line.tolist() and "the rows are sorted by time" in mixed.notes


def test_labels_words_and_broken_lines():
    labels = ["fault" if 10 <= i < 15 else "normal" for i in range(40)]
    data = table(range(40), WAVE, ["on"] * 40, labels, head="index,a,state,label") + b"\n1,2"
    found = read(data, "s.csv")
    assert found.channels == ("a",) and np.flatnonzero(found.labels).tolist() == [10, 11, 12, 13, 14]
    assert dict(found.skipped) == {"s.csv, line 42": "2 cells where most lines have 4",
                                   "s.csv, column state": "it holds no numbers, such as 'on'"}
    told = found.report()
    assert told["rows"] == 40 and told["faulty"] == 5 and told["channels"][0]["largest"] == WAVE.max()


def test_lines_before_the_table_take_neither_its_heading_nor_its_times():
    plain = table(DATES, WAVE, head="time,a")
    many = "".join(f"Setting {i}: on\n" for i in range(25)).encode()
    for before in (b"# logger 3\n", b"Device: A, Firmware 2, 2024, x\n\n", b"sep=,\n", many):
        found = read(before + plain, "s.csv")
        assert found.timed and found.channels == ("a",) and found.values[:, 0].tolist() == WAVE.tolist()
        assert looks_like_sensors(of_bytes(before + plain, "s.csv").files[0])
    assert read(many + plain, "s.csv").skipped[0] == ("s.csv, line 1", "1 cell where most lines have 2")


def test_lines_end_as_on_any_system():
    plain = table(DATES, WAVE, head="time,\u00b0C")
    for end in (b"\r", b"\r\n"):
        found = read(plain.replace(b"\n", end), "s.csv")
        assert found.channels == ("\u00b0C",) and found.values[:, 0].tolist() == WAVE.tolist()


def test_a_date_and_a_time_of_day_in_two_columns():
    days, hours = zip(*(date.split("T") for date in DATES), strict=True)
    found = read(table(days, hours, WAVE, head="date,time,a"), "s.csv")
    assert found.timed and found.rate == 1 and found.channels == ("a",) and not found.skipped
    days = [f"2024-05-{i + 1:02}" for i in range(20)]
    assert read(table(days, range(20), head="date,a"), "s.csv").channels == ("a",)  # no hours of a day


@pytest.mark.parametrize(("data", "said"), [
    (bytes(range(256)) * 50, "is no text"),
    (b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(5000), "is no text; expected a CSV file"),
    (table(range(20), ["3 %"] * 20, head="time,a"), "no numbers, such as '3 %')"),
    (b"", "is empty"), (b"a,b\n1,2\n", "has 1 row of 2 cells; expected at least 10"),
    (table(["x"] * 20, ["y"] * 20, head="a,b"), "no column of numbers"),
    (table([0.0, 1.0] + [1 + 1e-9 * i for i in range(1, 20)], range(21), head="time,a"), "times span"),
    (table(*[range(20)] * 70), "has 70 columns; at most 64"),
], ids=["bytes", "picture", "units", "empty", "short", "words", "far", "wide"])
def test_what_is_no_recording_is_refused_in_one_sentence(data, said):
    with pytest.raises(DataError) as error:
        read(data, "s.csv")
    assert said in str(error.value) and str(error.value).startswith("s.csv") and "\n" not in str(error.value)


def test_a_stray_byte_costs_no_more_than_its_row():
    data = table(range(20), range(20), head="time,a").replace(b"7,7", b"7,\0\x02")
    assert len(read(data, "s.csv").values) == 20  # the one without a number lies on a line


def test_sensors_are_told_from_images():
    def looks(data: bytes) -> bool:
        file: File = of_bytes(data, "s.csv").files[0]
        return looks_like_sensors(file)

    assert looks(table(DATES, WAVE)) and looks(table(WAVE, WAVE, head="a,b")) and looks(table(range(40), *[WAVE] * 30,
                                                                                            head="time" + ",a" * 30))
    assert not looks(b"label,pixel0\n") and not looks(b"label," + b"pixel," * 784 + b"\n") and not looks(b"")


def test_a_hundred_damaged_files_are_refused_or_read():
    result = try_all(50)
    assert not result["wrong"], result["wrong"][:3]
    assert result["refused"] > 10 and result["read"] > 10
