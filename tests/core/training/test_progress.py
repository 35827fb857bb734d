"""Messages of the training process survive the trip, and garbage is no message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.training.progress import (
    MAX_LINE,
    EpochDone,
    Failed,
    Finished,
    Heartbeat,
    LogLine,
    PhaseStarted,
    StepDone,
    parse_line,
    to_line,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.one_of(
        st.builds(PhaseStarted, st.text(), st.text()),
        st.builds(StepDone, *[st.integers()] * 4, st.none() | NUMBERS, st.none() | NUMBERS),
        st.builds(EpochDone, st.integers(), st.none() | NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS),
        st.builds(LogLine, st.text()),
        st.builds(Heartbeat),
        st.builds(Failed, st.sampled_from(["user", "ours"]), st.text()),
        st.builds(Finished, st.text(), st.dictionaries(st.text(), st.none() | st.integers() | st.lists(NUMBERS))),
    )
)
def test_round_trip(message):
    line = to_line(message)
    assert "\n" not in line
    assert parse_line(line) == message


@given(st.binary())
def test_bytes_never_raise(data):
    parse_line(data)


@pytest.mark.parametrize(
    "line",
    ["", "[]", "null", '{"event": "epoch"}', '{"event": "what"}', '{"event": []}', "x" * (MAX_LINE + 1), "[" * 5000],
)
def test_what_is_no_message_gives_none(line):
    assert parse_line(line) is None


def test_a_number_that_json_does_not_know_is_not_sent():
    with pytest.raises(ValueError, match="JSON"):
        to_line(EpochDone(1, float("nan")))
