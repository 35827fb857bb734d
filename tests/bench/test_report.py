import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure, make_row
from bench.films import Film, FilmSet
from bench.report import html_table, worst_cases, write_report
from bench.svg import error_bars, film_picture
from bench.tables import Bench
from medsapiens_core.data.template import Landmark, Template

EVIL = '<b onload="x">&'
TEMPLATE = Template(EVIL, 1, EVIL, (Landmark(EVIL, EVIL, "A", "A."), Landmark("b", "B", "B", "B.")))
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Checks that tags are closed in order and collects the visible text and the tag names."""

    def __init__(self):
        super().__init__()
        self.open, self.names, self.texts = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


def films(folder: Path, count=3):
    readers = []
    for k in range(count):
        cv2.imwrite(str(folder / f"{k}&.png"), np.full((40, 30), 90, np.uint8))
        readers.append(Film(folder / f"{k}&.png", (30, 40), (0.5, 0.5), {EVIL: np.full((2, 2), 10.0)}))
    return FilmSet(f"set {EVIL}", TEMPLATE, tuple(readers))


def test_the_report_is_one_well_formed_file_and_shows_names_as_they_are(tmp_path):
    some = films(tmp_path)
    points = np.stack([np.full((2, 2), 10.0 + k) for k in range(3)])
    points[2, 1] = np.nan
    row = make_row(some, EVIL, EVIL, points)
    cases = worst_cases(some, "as it is", points)
    write_report(tmp_path / "out" / "report.html", Bench(EVIL, "today", EVIL, [row], [], [], []), cases)
    html = (tmp_path / "out" / "report.html").read_text()
    assert EVIL not in html
    reader = read(html)
    assert "b" not in reader.names
    assert any(EVIL in text for text in reader.texts)
    assert html.count("data:image/jpeg;base64,") == 3
    assert not re.findall(r'(?:src|href)="(?!data:)', html)  # nothing is fetched from anywhere


def test_the_worst_cases_come_first_and_a_film_without_points_is_the_worst(tmp_path):
    points = np.stack([np.full((2, 2), 12.0), np.full((2, 2), np.nan), np.full((2, 2), 25.0)])
    cases = worst_cases(films(tmp_path), "as it is", points, count=2)
    assert [case.film.path.name for case in cases] == ["1&.png", "2&.png"]
    assert cases[0].error == np.inf
    assert np.isclose(cases[1].error, 15 * 0.5 * 2**0.5)


def test_bars_are_to_scale_and_a_landmark_without_figure_has_none():
    nan = float("nan")
    series = {"m": {"a": Figure(2.0, 1.0, 4.0), "b": Figure(1.0, nan, nan), "c": Figure(nan, nan, nan)}}
    svg = error_bars(series, "mm")
    read(svg)
    widths = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"', svg)]
    assert widths == [260.0, 130.0]  # of 520 for the highest end of an interval, 4.0
    assert svg.count('class="w"') == 1


def test_marks_lie_on_the_reduced_picture_where_the_points_are():
    grey = np.zeros((200, 100), np.uint8)
    svg = film_picture(grey, np.array([[9.5, 19.5]]), np.array([[np.nan, np.nan]]), ["a"], 100)
    assert 'viewBox="0 0 50 100"' in svg
    assert 'cx="5.0" cy="10.0"' in svg
    assert 'stroke="#ff4136"' not in svg


def test_cells_are_escaped():
    assert html_table([("a", "b"), (EVIL, "1")]).count("<b") == 0
