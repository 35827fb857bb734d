"""Points for the tests of measurements."""

from functools import cache

import numpy as np

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.io.phantom import make_phantom
from medsapiens_core.measurements.case_points import CasePoints, Scale, Status
from medsapiens_core.measurements.point_errors import PointErrors

CEPH, SPINE = find_template("ceph-19"), find_template("spine-68")
LEG = Template("leg", 1, "Leg", tuple(Landmark(i, i, i[:5], "A point.") for i in ("hip", "knee", "ankle")))


def points_of(template, xy, *, scale=None, **statuses) -> CasePoints:
    states = tuple(statuses.get(mark, Status.DECIDED) for mark in template.ids)
    return CasePoints(template, np.asarray(xy, float), states, scale or Scale())


@cache
def phantom_landmarks(kind, seed):
    return make_phantom(kind, seed)[1]


def phantom_points(kind, seed=1, **statuses) -> CasePoints:
    template = {"skull": CEPH, "spine": SPINE}[kind]
    marks = phantom_landmarks(kind, seed)
    return points_of(template, [marks[mark] for mark in template.ids], **statuses)


def even_errors(template, sd_px) -> PointErrors:
    return PointErrors({mark: np.eye(2) * sd_px**2 for mark in template.ids}, {})


def by_id(values):
    return {value.measure.id: value for value in values}


def straight_spine(tilts):
    """Corners (17, 4, 2) of bodies one below the other, 40 px wide; `tilts` are degrees of each body."""
    corners = []
    for k, tilt in enumerate(np.broadcast_to(tilts, 17)):
        turned = np.radians(tilt)
        turn = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
        box = np.array([[-20, -10], [20, -10], [-20, 10], [20, 10]], float)
        corners.append(box @ turn.T + [200, 40 + 30 * k])
    return np.array(corners)
