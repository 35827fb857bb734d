import pytest

from bench.jsonl import append_row, read_rows


def test_rows_come_back_and_a_line_that_a_kill_cut_off_is_written_again(tmp_path):
    file = tmp_path / "deep" / "rows.jsonl"
    assert read_rows(file) == []
    append_row(file, {"n": 1, "error": float("nan")})
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"n": 2, "err')
    assert read_rows(file) == [{"n": 1, "error": None}]
    append_row(file, {"n": 2})
    assert read_rows(file) == [{"n": 1, "error": None}, {"n": 2}]


def test_a_damaged_line_in_the_middle_is_not_passed_over(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"n": 1}\nnonsense\n{"n": 2}\n')
    with pytest.raises(ValueError, match="Expecting value"):
        read_rows(file)
    file.write_text("[1]\n")
    with pytest.raises(ValueError, match="no JSON object"):
        read_rows(file)
