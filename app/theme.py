"""Colours and sizes of the window: dark (default), light and high contrast; palette and style sheet are made from them.

The surround of a film is the same neutral dark in both themes, so that a film looks the same (ux.md 13.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from medsapiens_core.resources import resource_path

SURROUND = "#101113"
RING_ON_FILM = "#6FB4F5"  # the focus ring on the surround, which is dark in every theme
MARKER_COLOURS = {
    "predicted": "#168ADF",
    "confirmed": "#C6F5E9",
    "corrected": "#DC904D",
    "estimated": "#E9AEF1",
    "absent": "#9AA3AD",
    "not placed": "#9AA3AD",
}
CHIP = "#1B1E22"  # the dark ground under state icons in lists, in both themes
CHEVRON = resource_path("icons", "chevron.svg").as_posix()
CHEVRON_UP = resource_path("icons", "chevron-up.svg").as_posix()
TICK = resource_path("icons", "tick.svg").as_posix()


@dataclass(frozen=True)
class Theme:
    """Colours by role. `text` and `muted` keep a contrast of 4.5 on `window`, `panel` and `raised`."""

    name: str
    window: str
    panel: str
    raised: str
    hover: str
    border: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    link: str
    selection: str
    good: str
    caution: str
    bad: str


DARK = Theme(
    "dark",
    window="#16181B",
    panel="#1C1F23",
    raised="#262A30",
    hover="#30353C",
    border="#343A41",
    text="#E7E9EC",
    muted="#A0A8B2",
    disabled="#69717B",
    accent="#2B72C0",
    accent_hover="#2E76C6",
    on_accent="#FFFFFF",
    link="#6FB4F5",
    selection="#213A57",
    good="#5FCBA4",
    caution="#F2C744",
    bad="#F28B82",
)
LIGHT = Theme(
    "light",
    window="#ECEEF1",
    panel="#F8F9FA",
    raised="#E4E7EB",
    hover="#D8DCE2",
    border="#C6CBD2",
    text="#1B1F24",
    muted="#525B66",
    disabled="#949CA6",
    accent="#1F66B3",
    accent_hover="#1A5899",
    on_accent="#FFFFFF",
    link="#1A5C9E",
    selection="#CFE2F7",
    good="#17694C",
    caution="#7A5900",
    bad="#A3271D",
)
CONTRAST = Theme(
    "contrast",
    window="#000000",
    panel="#000000",
    raised="#141414",
    hover="#333333",
    border="#B4B4B4",
    text="#FFFFFF",
    muted="#E4E4E4",
    disabled="#A6A6A6",
    accent="#FFD400",
    accent_hover="#FFE766",
    on_accent="#000000",
    link="#6CF0FF",
    selection="#0A3D91",
    good="#7CFFC4",
    caution="#FFE04A",
    bad="#FF9C93",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST)}
FONT_PX = 13


class _Current:
    theme = DARK
    scale = 1.0


def current() -> Theme:
    """The theme in use."""
    return _Current.theme


def apply(application: QApplication, name: str, scale: float = 1.0) -> Theme:
    """Put a theme in use: `dark`, `light`, `contrast`, or `system` (what the desktop says); `scale` enlarges texts."""
    _Current.scale = scale
    _Current.theme = THEMES[_system_name() if name == "system" else name]
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette(_Current.theme))
    application.setStyleSheet(style_sheet(_Current.theme))
    return _Current.theme


def px(size: float) -> int:
    """A length that grows with the text: font sizes, row heights, icons beside words."""
    return round(size * _Current.scale)


def wide(size: float) -> int:
    """The width of a panel: it grows with the text, but leaves room for the film."""
    return round(size * (0.57 + 0.43 * _Current.scale))


def colour(role: str) -> QColor:
    """A colour of the theme in use, by its role, e.g. `colour("muted")`."""
    return QColor(getattr(_Current.theme, role))


def _system_name() -> str:
    return "light" if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light else "dark"


def _palette(theme: Theme) -> QPalette:
    roles = QPalette.ColorRole
    pairs = {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.panel,
        roles.AlternateBase: theme.raised,
        roles.Text: theme.text,
        roles.Button: theme.raised,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.bad,
        roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.muted,
        roles.Highlight: theme.selection,
        roles.HighlightedText: theme.text,
        roles.Link: theme.link,
        roles.Mid: theme.border,
        roles.Accent: theme.accent,
    }
    palette = QPalette()
    for role, value in pairs.items():
        palette.setColor(role, QColor(value))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.disabled))
    return palette


def style_sheet(theme: Theme) -> str:
    """The style sheet: spacing in steps of 4 px, one radius, a 2 px focus ring everywhere."""
    t = theme
    return f"""
    QWidget {{ font-size: {px(13)}px; }}
    QMainWindow, QDialog {{ background: {t.window}; }}
    QMainWindow::separator {{ background: {t.window}; width: 4px; height: 4px; }}
    QMainWindow::separator:hover {{ background: {t.accent}; }}
    QMenuBar {{ background: {t.window}; padding: 2px 4px; }}
    QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
    QMenuBar::item:selected {{ background: {t.hover}; }}
    QMenu {{ background: {t.panel}; border: 1px solid {t.border}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.selection}; }}
    QMenu::item:disabled {{ color: {t.disabled}; }}
    QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
    QToolBar {{ background: {t.panel}; border: none; spacing: 2px; padding: 3px 6px; }}
    QToolBar QToolButton#qt_toolbar_ext_button {{ image: url("{CHEVRON}"); width: 16px; padding: 0;
        margin: 0; border: 1px solid {t.border}; }}
    QToolBar::separator {{ background: {t.border}; width: 1px; margin: 5px 6px; }}
    QDockWidget {{ titlebar-close-icon: none; }}
    QStatusBar {{ background: {t.window}; }}
    QStatusBar QToolButton {{ font-size: {px(12)}px; padding: 1px 4px; }}
    QStatusBar::item {{ border: none; }}
    QLabel[role="muted"], QLabel[role="caption"] {{ color: {t.muted}; }}
    QLabel[role="caption"] {{ font-size: {px(12)}px; }}
    QLabel[role="caution"] {{ color: {t.caution}; font-size: {px(12)}px; }}
    QLabel[role="reading"] {{ font-size: {px(15)}px; }}
    QFrame[role="card"] QScrollArea, QFrame[role="card"] QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QListWidget::item {{ padding: 4px 6px; border-radius: 4px; }}
    QListWidget::item:selected {{ background: {t.selection}; color: {t.text}; }}
    QFrame[role="card"] QListWidget {{ background: transparent; font-size: {px(12)}px; }}
    QLabel[role="bad"] {{ color: {t.bad}; }}
    QLabel[role="title"] {{ font-size: {px(15)}px; font-weight: 600; }}
    QLabel[role="section"] {{ font-weight: 600; }}
    QLabel[role="display"] {{ font-size: {px(26)}px; font-weight: 600; }}
    QLabel[role="badge"] {{ background: {t.good}; color: {t.panel}; border-radius: 8px; padding: 1px 8px;
        font-size: {px(11)}px; font-weight: 600; }}
    QFrame[role="panel"], QWidget[role="panel"] {{ background: {t.panel}; }}
    QFrame[role="card"] {{ background: {t.raised}; border-radius: 6px; }}
    QFrame[role="line"] {{ background: {t.border}; }}
    QToolButton, QPushButton {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
        border-radius: 4px; padding: 4px 10px; min-height: 18px; }}
    QToolButton:hover, QPushButton:hover {{ background: {t.hover}; }}
    QToolButton:pressed, QPushButton:pressed {{ background: {t.selection}; }}
    QToolButton:checked {{ background: {t.selection}; border-color: {t.accent}; }}
    QToolButton:disabled, QPushButton:disabled {{ color: {t.disabled}; border-color: {t.border}; }}
    QToolButton[role="flat"], QToolBar QToolButton {{ background: transparent; border: 1px solid transparent;
        padding: 3px; }}
    QToolButton[role="flat"]:hover, QToolBar QToolButton:hover {{ background: {t.hover}; }}
    QToolButton[role="flat"]:disabled, QToolBar QToolButton:disabled {{ border-color: transparent; }}
    QToolButton[role="flat"]:checked, QToolBar QToolButton:checked {{ background: {t.selection}; }}
    QToolButton[role="alert"] {{ background: transparent; color: {t.text}; border: 2px solid {t.bad};
        padding: 1px 6px; }}
    QToolButton[role="alert"]:hover {{ background: {t.hover}; }}
    QPushButton[role="entry"] {{ text-align: left; background: transparent; border: 1px solid transparent;
        padding: 6px 8px; }}
    QPushButton[role="entry"]:hover {{ background: {t.hover}; }}
    QToolButton[role="chip"] {{ padding: 2px 6px; border-radius: 11px; background: transparent;
        color: {t.muted}; font-size: {px(12)}px; }}
    QToolButton[role="chip"]:hover {{ background: {t.hover}; }}
    QToolButton[role="chip"]:checked {{ background: {t.selection}; color: {t.text}; border-color: {t.accent}; }}
    QPushButton[role="primary"], QToolButton[role="primary"] {{ background: {t.accent}; color: {t.on_accent};
        border-color: {t.accent}; font-weight: 600; padding: 6px 14px; }}
    QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover {{ background: {t.accent_hover}; }}
    QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled {{ background: {t.raised};
        color: {t.disabled}; border-color: {t.border}; }}
    QSpinBox, QDoubleSpinBox {{ background: {t.window}; border: 1px solid {t.border}; border-radius: 4px;
        padding: 3px 2px 3px 6px; min-height: 20px; selection-background-color: {t.accent};
        selection-color: {t.on_accent}; }}
    QSpinBox:focus, QDoubleSpinBox:focus {{ border: 2px solid {t.link}; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
        border: none; background: transparent; width: 18px; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{CHEVRON_UP}"); width: 10px; height: 10px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url("{CHEVRON}"); width: 10px; height: 10px; }}
    QCheckBox, QRadioButton {{ spacing: 8px; padding: 2px; border: 2px solid transparent; border-radius: 4px; }}
    QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 3px;
        background: {t.window}; }}
    QCheckBox::indicator:checked {{ background: #2B72C0; border-color: #2B72C0; image: url("{TICK}"); }}
    QCheckBox::indicator:disabled {{ border-color: {t.border}; }}
    QListWidget::item {{ padding: 6px 8px; border-radius: 4px; }}
    QListWidget::item:selected {{ background: {t.selection}; color: {t.text}; }}
    QTreeWidget::item {{ padding: 3px 2px; }}
    QTreeWidget::item:selected {{ background: {t.selection}; color: {t.text}; }}
    QCheckBox:focus, QRadioButton:focus, QSlider:focus {{ border: 2px solid {t.link}; border-radius: 4px; }}
    QTabBar::tab:focus {{ border: 2px solid {t.link}; }}
    QToolButton:focus, QPushButton:focus, QToolButton[role="flat"]:focus, QToolButton[role="chip"]:focus,
    QPushButton[role="entry"]:focus,
    QToolBar QToolButton:focus, QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus,
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 2px solid {t.link}; }}
    QToolButton[role="decision"] {{ padding: 4px 4px; }}
    QToolButton::menu-indicator {{ image: none; }}
    QFrame[role="card"] QPushButton {{ padding: 4px 8px; }}
    QPushButton[role="primary"] {{ padding: 6px 10px; }}
    QComboBox {{ background: {t.window}; border: 1px solid {t.border}; border-radius: 4px; padding: 4px 8px;
        min-height: 18px; }}
    QComboBox:focus {{ border: 2px solid {t.link}; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: url("{CHEVRON}"); width: 12px; height: 12px; }}
    QComboBox QAbstractItemView {{ background: {t.panel}; border: 1px solid {t.border}; }}
    QLineEdit, QPlainTextEdit {{ background: {t.window}; border: 1px solid {t.border};
        border-radius: 4px; padding: 4px 8px; min-height: 18px; selection-background-color: {t.accent};
        selection-color: {t.on_accent}; }}
    QRadioButton {{ spacing: 8px; padding: 1px 2px; border: 2px solid transparent; border-radius: 4px; }}
    QRadioButton::indicator {{ width: 12px; height: 12px; border: 2px solid {t.muted}; border-radius: 8px; }}
    QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {t.accent_hover};
        background: {t.on_accent}; }}
    QTableView, QListView, QTreeView {{ background: {t.panel}; border: 1px solid transparent; outline: none; }}
    QTableView:focus, QListView:focus, QTreeView:focus, QScrollArea:focus {{ border: 2px solid {t.link}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar {{ background: {t.window}; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; padding: 4px 12px; border: none;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:selected {{ background: {t.panel}; color: {t.text}; border-bottom: 2px solid {t.accent}; }}
    QTabBar::tab:focus {{ border: 2px solid {t.link}; }}
    QHeaderView::section {{ background: {t.panel}; color: {t.muted}; border: none;
        border-bottom: 1px solid {t.border}; padding: 4px 6px; font-size: {px(12)}px; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.border}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
    QScrollBar::handle:hover {{ background: {t.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: none; border: none; width: 0; height: 0; }}
    """
