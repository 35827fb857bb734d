"""The report of one case as PDF, A4 or Letter: picture, facts, values, sources; "draft" across it unless reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)

from app.session.measure_state import MeasureRow
from app.session.report_state import ReportState
from app.translate import tr
from app.views.report_picture import draw_picture
from medsapiens_core.whole_files import sync_file, temporary_beside

DPI, CSS_DPI = 150, 96
MARGIN_MM, FOOT_MM = 14.0, 9.0
INK = "#15181C"
PICTURE_SHARE = 0.55  # of the width of the page
NUMBER = " class='num'"  # of a cell with a figure
PROGRAM = "MedSapiens Studio"
PAPERS = {"A4": QPageSize.PageSizeId.A4, "Letter": QPageSize.PageSizeId.Letter}
STYLE = """
    body { font-family: sans-serif; font-size: 9pt; color: #15181C; }
    h1 { font-size: 15pt; margin: 0 0 1pt 0; } .sub { color: #5A6470; font-size: 9pt; margin: 0 0 8pt 0; }
    th { text-align: left; color: #5A6470; font-weight: normal; } .num { text-align: right; }
    .muted { color: #5A6470; } .small { font-size: 7.5pt; color: #3A424C; } b { font-weight: 600; }
"""


def write_report(report: ReportState, path: Path) -> int:
    """Write the PDF whole or not at all; returns the number of pages. May be called on any thread. Raises OSError."""
    temporary = temporary_beside(path)
    try:
        pages = _write(report, temporary)
        sync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return pages


def _write(report: ReportState, path: Path) -> int:
    writer = QPdfWriter(str(path))
    writer.setResolution(DPI)
    writer.setTitle(report.title)
    writer.setCreator(PROGRAM)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(PAPERS[report.paper]),
            QPageLayout.Orientation.Portrait,
            margins,
            QPageLayout.Unit.Millimeter,
        )
    )
    room = QSizeF(writer.width(), writer.height() - FOOT_MM / 25.4 * DPI)
    document = _document(report, writer, room)
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(tr("{folder} cannot be written to", folder=path.parent))
    try:
        for page in range(document.pageCount()):
            if page:
                writer.newPage()
            _draw_page(painter, document, room, page, report)
    finally:
        painter.end()
    return document.pageCount()


def _document(report: ReportState, writer: QPdfWriter, room: QSizeF) -> QTextDocument:
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    document.setDefaultStyleSheet(STYLE)
    document.setPageSize(room)
    picture = draw_picture(report)
    document.addResource(QTextDocument.ResourceType.ImageResource, QUrl("picture"), picture)
    width = room.width() * PICTURE_SHARE
    height = width * picture.height() / picture.width()
    if height > room.height() * 0.5:
        width, height = width * room.height() * 0.5 / height, room.height() * 0.5
    unit = DPI / CSS_DPI  # a text document counts pictures and columns in CSS pixels
    document.setHtml("".join(_html(report, round(width / unit), round(height / unit))))
    return document


def _draw_page(painter: QPainter, document: QTextDocument, room: QSizeF, page: int, report: ReportState) -> None:
    painter.save()
    painter.translate(0, -page * room.height())
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = QRectF(0, page * room.height(), room.width(), room.height())
    context.palette.setColor(QPalette.ColorRole.Text, QColor(INK))  # paper is white in every theme
    document.documentLayout().draw(painter, context)
    painter.restore()
    painter.setFont(QFont("sans-serif", 7))
    painter.setPen(QColor("#5A6470"))
    foot = QRectF(0, room.height(), room.width(), FOOT_MM / 25.4 * DPI)
    painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, f"{report.title}")
    number = tr("Page {page} of {count}", page=page + 1, count=document.pageCount())
    painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, number)
    if report.is_draft:
        _draw_draft(painter, room)


def _draw_draft(painter: QPainter, room: QSizeF) -> None:
    painter.save()
    painter.translate(room.width() / 2, room.height() / 2)
    painter.rotate(-52)
    font = QFont("sans-serif", 96)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(163, 39, 29, 60))
    side = room.height()
    painter.drawText(QRectF(-side / 2, -side / 2, side, side), Qt.AlignmentFlag.AlignCenter, tr("DRAFT"))
    painter.restore()


def _html(report: ReportState, width: int, height: int) -> Iterator[str]:
    yield f"<h1>{escape(report.title)}</h1><p class='sub'>{escape(report.subtitle)}</p>"
    yield "<table width='100%' cellspacing='0' cellpadding='0'><tr>"
    yield f"<td width='{width + 16}'><img src='picture' width='{width}' height='{height}'></td><td>"
    yield "<table cellspacing='0' cellpadding='2'>"
    for name, text in report.facts:
        yield f"<tr><td class='muted'>{escape(name)}</td></tr><tr><td>{escape(text)}</td></tr>"
    yield "</table></td></tr></table><p></p>"
    yield "<table width='100%' cellspacing='0' cellpadding='3'>"
    yield _header(report.has_norms)
    yield from (_row(row, report.has_norms, shaded=place % 2 == 0) for place, row in enumerate(report.rows))
    yield "</table><p></p>"
    yield from (f"<p class='small'>{escape(line)}</p>" for line in report.sources)


def _header(has_norms: bool) -> str:
    norms = [(tr("Norm"), NUMBER), (tr("Compared"), "")] if has_norms else []
    cells = [(tr("Measurement"), ""), (tr("Value"), NUMBER), ("± (95 %)", NUMBER), *norms, (tr("Remarks"), "")]
    return "<tr>" + "".join(f"<th{how}>{escape(words)}</th>" for words, how in cells) + "</tr>"


def _row(row: MeasureRow, has_norms: bool, *, shaded: bool) -> str:
    ground = " bgcolor='#F1F3F5'" if shaded else ""
    sign = "▽ " if row.estimated else ""
    value, error = ("–", "") if row.filled or not row.value else (f"{sign}<b>{escape(row.value)}</b>", row.error)
    norms = f"<td class='num'>{escape(row.norm)}</td><td>{escape(row.compared)}</td>" if has_norms else ""
    name = f"<span class='muted'>{escape(row.name)}</span>" if row.faint else escape(row.name)
    note = escape(row.note) + (" " + tr("(below 10°)") if row.faint else "")
    return (
        f"<tr{ground}><td>{name}</td><td class='num'>{value}</td><td class='num'>{escape(error)}</td>{norms}"
        f"<td class='small'>{note}</td></tr>"
    )
