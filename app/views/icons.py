"""Our own line icons, drawn in the colour of the theme in use."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QWidget

from app import theme
from medsapiens_core.resources import resource_path

SIZE = 20
NAME_PROPERTY, ROLE_PROPERTY = "iconName", "iconRole"


@cache
def _source(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")


@cache
def picture(name: str, colour: str, ratio: float = 1.0, size: int = SIZE) -> QPixmap:
    """An icon as a picture of `size` logical pixels."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon(name: str, role: str = "text") -> QIcon:
    """An icon in a colour of the theme; greyed where it is disabled."""
    result = QIcon()
    for ratio in (1.0, 1.5, 2.0, 3.0):
        result.addPixmap(picture(name, theme.colour(role).name(), ratio))
        result.addPixmap(picture(name, theme.colour("disabled").name(), ratio), QIcon.Mode.Disabled)
    return result


def set_icon(button: QAbstractButton, name: str, role: str = "text") -> None:
    """Give a button an icon that follows the theme (see `refresh`)."""
    button.setProperty(NAME_PROPERTY, name)
    button.setProperty(ROLE_PROPERTY, role)
    button.setIcon(icon(name, role))


def refresh(root: QWidget) -> None:
    """Draw the icons of all buttons again, after a change of theme."""
    for button in root.findChildren(QAbstractButton):
        name = button.property(NAME_PROPERTY)
        if name:
            button.setIcon(icon(name, button.property(ROLE_PROPERTY)))
