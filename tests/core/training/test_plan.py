"""Plans and jobs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.errors import UserError
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.training.plan import CPU_MINUTES, Plan, make_plan
from tests.core.training.building import TEMPLATE


@given(st.integers(1, 3000), st.sampled_from(["cpu", "cuda"]))
def test_every_image_fits_into_an_epoch(images, device):
    plan = make_plan(TrainingOptions(), images, device, new_template=False)
    assert 1 <= plan.batch <= images
    assert (plan.steps_per_epoch - 1) * plan.batch < images <= plan.steps_per_epoch * plan.batch
    assert plan.steps >= 400
    assert (plan.budget is None) == (device == "cuda")


def test_what_the_user_says_goes_before_the_defaults():
    assert make_plan(TrainingOptions(epochs=3), 10, "cpu", new_template=False).epochs == 3
    assert make_plan(TrainingOptions(epochs=3), 10, "cpu", new_template=False).budget is None
    assert make_plan(TrainingOptions(minutes=2), 10, "cpu", new_template=False).budget == 120
    assert make_plan(TrainingOptions(), 10, "cpu", new_template=False).budget == CPU_MINUTES * 60


def test_the_rate_rises_then_falls_by_whichever_is_used_up_first():
    plan = Plan(batch=4, steps_per_epoch=100, epochs=10, rate=1e-3, budget=100.0)
    factors = [plan.rate_factor(step, 0.0) for step in range(1000)]
    assert factors.index(max(factors)) == 29
    assert factors[0] == pytest.approx(1 / 30, rel=0.01)
    assert factors[-1] == pytest.approx(0.02, abs=0.001)
    assert plan.rate_factor(500, 100.0) == pytest.approx(0.02)
    assert plan.progress(100, 90.0) == 0.9
    assert plan.rate_factor(3, 6.0) > 0.95, "a slow machine does not spend its minutes on warming up"


def test_time_left_waits_for_three_steps_and_keeps_to_the_budget():
    plan = Plan(batch=4, steps_per_epoch=10, epochs=10, rate=1e-3, budget=30.0)
    assert plan.seconds_left(2, 2.0) is None
    assert plan.seconds_left(10, 10.0) == 20.0
    assert Plan(4, 10, 10, 1e-3, None).seconds_left(10, 10.0) == 90.0
    assert plan.expected_steps(10, 15.0) == 20
    assert plan.expected_steps(10, 1.0) == plan.steps


def test_a_job_survives_the_trip_and_bad_ones_are_refused(tmp_path):
    job = TrainingJob.create(
        snapshot=tmp_path / "s.json",
        base_folder=tmp_path / "m",
        base_model="m@1",
        name="new",
        template=TEMPLATE,
        options=TrainingOptions(minutes=1.5, seed=4),
    )
    job.write(tmp_path / "run")
    assert TrainingJob.read(tmp_path / "run") == job
    assert job.landmark_template == TEMPLATE
    with pytest.raises(UserError, match=r"no readable job\.json"):
        TrainingJob.read(tmp_path)
    (tmp_path / "run" / "job.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="is not a training job"):
        TrainingJob.read(tmp_path / "run")
    with pytest.raises(UserError, match="cannot be started"):
        TrainingJob.create(snapshot=tmp_path, base_folder=tmp_path, base_model="m", name="../up", template=TEMPLATE)
