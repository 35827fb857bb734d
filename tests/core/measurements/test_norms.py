"""Norm files: mandatory statements, words, and what is shipped."""

import json
import re

import pytest
from pydantic import ValidationError

from medsapiens_core.measurements.norms import Norm, NormError, NormSet, grade, load_norms, shipped_norms

PAGE = re.compile(r"[a-z]+\.(com|org|net|life|gov)\b")  # where the figure was looked up
FACTS = {"age": "adult", "sex": "both", "population": "somewhere", "source": "A paper."}


def norm(**rest):
    return Norm(measure="SNA", unit="deg", mean=82.0, **{**FACTS, **rest})


@pytest.mark.parametrize(
    ("value", "half_width", "word"),
    [
        (82.0, 1.0, "within"),
        (85.0, 0.5, "above"),
        (78.0, 0.5, "below"),
        (84.5, 1.0, "uncertain"),
        (83.5, 1.0, "uncertain"),
        (85.0, None, "above"),
    ],
)
def test_words(value, half_width, word):
    found = grade(value, half_width, norm(sd=2.0))
    assert found.word == word
    assert found.z == pytest.approx((value - 82) / 2)


def test_a_range_has_words_but_no_z_and_no_spread_has_neither():
    ranged = grade(96.0, 0.1, norm(range=(53.0, 95.0)))
    assert (ranged.z, ranged.word) == (None, "above")
    bare = grade(84.0, 1.0, norm(spread="none published"))
    assert (bare.z, bare.word, bare.difference) == (None, "", 2.0)


@pytest.mark.parametrize("missing", list(FACTS))
def test_age_sex_population_and_source_are_mandatory(missing):
    with pytest.raises(ValidationError):
        Norm(measure="SNA", unit="deg", mean=82.0, sd=2.0, **{k: v for k, v in FACTS.items() if k != missing})


@pytest.mark.parametrize("spread", [{}, {"sd": 1.0, "range": (1.0, 2.0)}, {"sd": 0.0}, {"range": (2.0, 1.0)}])
def test_the_spread_is_stated_exactly_once(spread):
    with pytest.raises(ValidationError):
        norm(**spread)


def test_a_broken_file_is_refused_with_its_name_and_reason(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"format": "msnorms/1", "id": "x", "name": "X", "norms": []}))
    with pytest.raises(NormError, match=r"mine\.json.*norms"):
        load_norms(path)
    path.write_text("{")
    with pytest.raises(NormError, match=r"mine\.json"):
        load_norms(path)


def test_shipped_norms_state_a_source_and_that_nobody_has_checked_them():
    for norms in shipped_norms().values():
        assert norms.check_note == "Not checked by a clinician."
        for one in norms.norms:
            assert "." in one.source and ("no page was found" in one.source or PAGE.search(one.source)), one.source
    assert shipped_norms()["steiner-1953"].norm("SNA", "deg").mean == 82.0


def test_norms_go_by_measure_and_unit():
    norms = NormSet(id="x", name="X", norms=[norm(sd=2.0)])
    assert norms.norm("SNA", "deg") is not None and norms.norm("SNA", "mm") is None
