import itertools
from dataclasses import fields

import pytest
from PySide6.QtGui import QColor, QPalette

from app import theme
from app.theme import CHIP, MARKER_COLOURS, THEMES


def luminance(name):
    def linear(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    colour = QColor(name)
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("ground", ["window", "panel", "raised", "selection"])
@pytest.mark.parametrize("text", ["text", "muted", "link", "good", "caution", "bad"])
def test_words_can_be_read(name, ground, text):
    colours = THEMES[name]
    limit = 4.5 if ground != "selection" or text in ("text", "muted") else 3.0
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= limit


@pytest.mark.parametrize("name", THEMES)
def test_the_main_button_can_be_read_and_seen(name):
    colours = THEMES[name]
    for ground in (colours.accent, colours.accent_hover):
        assert contrast(colours.on_accent, ground) >= 4.5
    assert contrast(colours.accent, colours.panel) >= 3


@pytest.mark.parametrize("name", THEMES)
def test_the_focus_ring_can_be_seen(name):
    colours = THEMES[name]
    assert min(contrast(colours.link, getattr(colours, ground)) for ground in ("window", "panel", "raised")) >= 3


def test_state_icons_can_be_seen_on_their_chip():
    assert all(contrast(colour, CHIP) >= 3 for colour in MARKER_COLOURS.values())


def test_colours_are_colours():
    for colours in THEMES.values():
        assert all(QColor(getattr(colours, f.name)).isValid() for f in fields(colours) if f.name != "name")
    assert all(a != b for a, b in itertools.combinations(set(MARKER_COLOURS.values()), 2))


@pytest.mark.parametrize("name", ["dark", "light", "system"])
def test_applying_a_theme_sets_palette_and_style(qapp, name):
    used = theme.apply(qapp, name)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(used.window)
    assert used.accent in qapp.styleSheet()
    assert theme.colour("muted") == QColor(used.muted)
    theme.apply(qapp, "dark")
