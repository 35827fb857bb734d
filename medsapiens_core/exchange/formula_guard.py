"""Text that a spreadsheet would take for a formula, made harmless in a way that can be taken back (formats.md 5.1)."""

from __future__ import annotations

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_GUARD = "'"


def guard(text: str) -> str:
    """The text with one `'` in front where it begins like a formula, or like a guarded text."""
    return _GUARD + text if _begins_dangerous(text) or _looks_guarded(text) else text


def unguard(text: str) -> str:
    """The inverse of `guard`."""
    return text[1:] if _looks_guarded(text) else text


def _begins_dangerous(text: str) -> bool:
    return text.startswith(_DANGEROUS)


def _looks_guarded(text: str) -> bool:
    rest = text.removeprefix(_GUARD)
    return rest != text and (_begins_dangerous(rest) or rest.startswith(_GUARD))
