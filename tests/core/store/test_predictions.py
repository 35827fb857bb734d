from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from medsapiens_core.store import tables
from medsapiens_core.store.errors import ProjectError, UnknownRecordError
from medsapiens_core.store.files import canonical_json
from tests.core.store.building import add_case, commit, predict, prediction_for


def test_a_prediction_comes_back_to_the_last_bit_and_older_ones_stay(project):
    case = add_case(project, 1)
    old = prediction_for(case, model_id="a@1", seed=1)
    new = prediction_for(case, model_id="b@2", seed=2)
    for prediction in (old, new):
        project.predictions.add(prediction, case.id)
    assert project.predictions.latest(case.id).to_json() == new.to_json()
    assert project.predictions.latest(case.id, "a@1").to_json() == old.to_json()
    assert project.predictions.latest(case.id, "c@3") is None
    assert project.predictions.get(old.id).to_json() == old.to_json()
    assert project.cases.get(case.id).prediction_model == "b@2"
    assert project.predictions.count() == 2


def test_rows_from_before_there_were_radial_errors_are_still_read(project):
    case = add_case(project, 1)
    prediction = replace(prediction_for(case), radial_error=np.arange(4.0))
    project.predictions.add(prediction, case.id)
    assert project.predictions.get(prediction.id).to_json() == prediction.to_json()

    value = prediction.to_json() | {"id": "old"}
    old = {key: item for key, item in value.items() if key not in ("radial_error", "notice")}
    row = {"id": "old", "case_id": case.id, "number": 2, "model_id": "base@0", "created_utc": value["created_utc"]}
    with project.database.write() as connection:
        connection.execute(sa.insert(tables.prediction).values(**row, json=canonical_json(old)))
    read = project.predictions.get("old")
    assert (read.radial_error, read.notice) == (None, None)
    assert np.array_equal(read.covariance, prediction.covariance)


def test_the_worklist_names_the_model_that_is_shown(project):
    case = add_case(project, 1)
    annotation = predict(project, case, model_id="a@1")
    newer = prediction_for(case, model_id="b@2")
    project.predictions.add(newer, case.id)
    assert project.cases.get(case.id).prediction_model == "a@1"
    commit(project, annotation, annotation.from_prediction(newer))
    assert project.cases.get(case.id).prediction_model == "b@2"


def test_a_prediction_of_other_bytes_or_landmarks_is_refused(project):
    case = add_case(project, 1)
    good = prediction_for(case)
    for wrong in (
        replace(good, image_sha256="0" * 64),
        replace(good, template_id="ceph-19"),
        replace(good, template_version=2),
    ):
        with pytest.raises(ProjectError):
            project.predictions.add(wrong, case.id)
    with pytest.raises(ValueError, match="3 points"):
        project.predictions.add(replace(good, xy_image=good.xy_image[:3].copy()), case.id)
    with pytest.raises(UnknownRecordError):
        project.predictions.add(good, 99)
    assert project.predictions.latest(case.id) is None


def test_a_prediction_is_stored_once(project):
    case = add_case(project, 1)
    prediction = prediction_for(case)
    project.predictions.add(prediction, case.id)
    with pytest.raises(sa.exc.IntegrityError):
        project.predictions.add(prediction, case.id)
    with pytest.raises(UnknownRecordError):
        project.predictions.get("nothing")
