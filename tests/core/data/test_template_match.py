"""M20: landmarks are matched by their id, by hand otherwise."""

import pytest

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_match import checked, proposed, same_ids, with_ids_of


def template(version, **names):
    marks = [Landmark(id_, name, id_.upper(), "A point.") for id_, name in names.items()]
    return Template("t", version, "T", tuple(marks))


OURS = template(2, s="Sella", n="Nasion", go="Gonion", me="Menton")
THEIRS = template(1, s="Sella turcica", nasion="Nasion", me="Chin", x="gonion ")


def test_the_same_id_is_the_same_landmark_and_names_only_propose():
    assert same_ids(OURS, THEIRS) == {"s": "s", "me": "me"}
    assert proposed(OURS, THEIRS) == {"s": "s", "me": "me", "n": "nasion", "go": "x"}


def test_a_stored_match_forgets_what_is_gone_and_refuses_one_for_two():
    assert checked({"s": "s", "gone": "me", "n": "gone"}, OURS, THEIRS) == {"s": "s"}
    with pytest.raises(ValueError, match="two"):
        checked({"s": "s", "n": "s"}, OURS, THEIRS)


def test_a_template_file_takes_the_ids_that_labels_are_stored_under():
    file = Template("other", 1, "O", (*THEIRS.landmarks, Landmark("go", "Goiter", "GOI", "No gonion.")), (("s", "x"),))
    turned = with_ids_of(OURS, file, {"s": "s", "n": "nasion", "go": "x"})
    assert turned.ids == ("s", "n", "me_2", "go", "go_2"), "what was not matched is another landmark"
    assert turned.lines == (("s", "go"),)
    assert [mark.name for mark in turned.landmarks] == [mark.name for mark in file.landmarks]


def test_pairs_go_on_pointing_at_each_other():
    file = Template("o", 1, "O", (Landmark("a", "A", "A", "", "b"), Landmark("b", "B", "B", "", "a")))
    turned = with_ids_of(OURS, file, {"s": "b"})
    assert [(mark.id, mark.pair) for mark in turned.landmarks] == [("a", "s"), ("s", "a")]
