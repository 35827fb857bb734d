"""What guides the reader, kept with the project: usual shape, dismissed warnings, bulk rule."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np
import sqlalchemy as sa

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.guidance.shape_limits import FEWEST_CASES, Floats, ShapeLimits, fit_limits
from medsapiens_core.store import audit, tables
from medsapiens_core.store.cases import STATES
from medsapiens_core.store.database import Database
from medsapiens_core.store.files import canonical_json

KEY = "guidance"
MOST_SHAPES = 1000  # the newest reviewed cases; more change neither a limit nor a usual value, and take seconds
_limits, _dismissed, _meta = tables.shape_limits, tables.dismissed_warning, tables.meta


@dataclass(frozen=True)
class BulkRule:
    """When many landmarks may be confirmed at once (ux.md 6.5); the Owner's to change.

    `most_mm` is the largest 95 % radius, `most_share` the same as a share of the diagonal where there is no pixel
    size; `unlock_after` reviewed cases of a reader unlock it; `is_allowed` False switches it off for all.
    """

    is_allowed: bool = True
    most_mm: float = 2.0
    most_share: float = 0.0065
    unlock_after: int = 20

    def __post_init__(self) -> None:
        if not (0 < self.most_mm <= 10 and 0 < self.most_share <= 0.05 and 0 <= self.unlock_after <= 1000):
            raise UserError("The limit of bulk confirm lies between 0 and 10 mm, or 0 and 5 % of the diagonal.")


class Guidance:
    """Limits, dismissed warnings and the bulk rule of one project."""

    def __init__(self, database: Database, template: Template) -> None:
        self._database, self._template = database, template

    def limits(self) -> ShapeLimits | None:
        """The newest limits for the present version of the template, None before there are any."""
        this = (_limits.c.template_id == self._template.id) & (_limits.c.template_version == self._template.version)
        query = sa.select(_limits.c.json).where(this).order_by(_limits.c.id.desc()).limit(1)
        with self._database.read() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else ShapeLimits.model_validate_json(text)

    def put_limits(self, limits: ShapeLimits) -> None:
        """Use these limits from now on; the ones before are kept."""
        if limits.landmarks != self._template.ids:
            raise ValueError("these limits belong to other landmarks")
        values = {"template_id": self._template.id, "template_version": self._template.version}
        with self._database.write() as connection:
            text = limits.model_dump_json()
            connection.execute(sa.insert(_limits).values(**values, created_utc=utc_now(), json=text))
            audit.append(connection, "guidance.limits", {"n_cases": limits.n_cases, "source": limits.source})

    def learn_limits(self) -> ShapeLimits | None:
        """Learn limits from the reviewed, unflagged cases and use them; None, and nothing changed, below 30 of them."""
        points, cells = self.reviewed_shapes()
        if len(points) < FEWEST_CASES:
            return None
        in_mm = bool(np.isfinite(cells).all())
        shapes = points * (cells[:, None] if in_mm else 1.0)
        source = f"{len(points)} reviewed cases of this project"
        limits = fit_limits(list(shapes), self._template.ids, in_mm=in_mm, source=source)
        if limits is not None:
            self.put_limits(limits)
        return limits

    def reviewed_shapes(self) -> tuple[Floats, Floats]:
        """Points (n, K, 2) in image px of the newest reviewed cases, NaN where absent; pixel sizes (n, 2) x, y, or NaN.

        At most 1000 of them, by case id.
        """
        p, c = tables.annotation_point.c, tables.cases.c
        usable = (c.state == STATES.index("reviewed"), sa.not_(c.flagged))
        newest = sa.select(c.id).where(*usable).order_by(c.id.desc()).limit(MOST_SHAPES).subquery()
        joined = sa.join(newest, tables.cases, newest.c.id == c.id).join(
            tables.annotation_point, (p.case_id == c.id) & (p.reader == "")
        )
        query = sa.select(c.id, c.col_mm, c.row_mm, p.landmark, p.x, p.y).select_from(joined)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(c.id)).all()
        places = {case_id: place for place, case_id in enumerate(dict.fromkeys(row.id for row in rows))}
        points, cells = np.full((len(places), len(self._template), 2), np.nan), np.full((len(places), 2), np.nan)
        for row in rows:
            if row.landmark in self._template.index and row.x is not None:
                points[places[row.id], self._template.index[row.landmark]] = row.x, row.y
            if row.col_mm is not None:
                cells[places[row.id]] = row.col_mm, row.row_mm
        return points, cells

    def all_dismissed(self, reader: str = "") -> list[tuple[int, str]]:
        """The warnings that this reader has dismissed, as (case id, key of the warning)."""
        query = sa.select(_dismissed.c.case_id, _dismissed.c.warning).where(_dismissed.c.reader == reader)
        with self._database.read() as connection:
            return [(row.case_id, row.warning) for row in connection.execute(query)]

    def dismiss(self, case_id: int, warning: str, *, reader: str = "") -> None:
        """Remember that a reader has looked at a warning and does not want to see it again in this case."""
        values = {"case_id": case_id, "reader": reader, "warning": warning}
        this = sa.and_(*(_dismissed.c[name] == value for name, value in values.items()))
        with self._database.write() as connection:
            if connection.execute(sa.select(_dismissed.c.warning).where(this)).first() is None:
                connection.execute(sa.insert(_dismissed).values(**values, utc=utc_now()))
                audit.append(connection, "guidance.dismiss", values)

    def bulk_rule(self) -> BulkRule:
        """The rule of bulk confirm."""
        with self._database.read() as connection:
            text = connection.execute(sa.select(_meta.c.value).where(_meta.c.key == KEY)).scalar()
        return BulkRule(**json.loads(text)) if text else BulkRule()

    def set_bulk_rule(self, rule: BulkRule) -> None:
        """Change the rule; the change is logged."""
        before = self.bulk_rule()
        with self._database.write() as connection:
            connection.execute(sa.delete(_meta).where(_meta.c.key == KEY))
            connection.execute(sa.insert(_meta).values(key=KEY, value=canonical_json(asdict(rule))))
            audit.append(connection, "guidance.bulk_rule", {"before": asdict(before), "after": asdict(rule)})
