"""Errors that a person can act on, told apart from errors of our own.

`UserError` and its children carry a message that says what was refused, why, and what to do. Anything else that
reaches the top of the program is a defect of ours and is reported as such (command line: exit 2 against exit 1).
"""


class UserError(Exception):
    """Something the user can put right; `str(error)` is shown to the user as it stands."""


class UnreadableImageError(UserError):
    """A file that cannot be read as an image; the message names the file and the reason."""


class EnvironmentProblemError(UserError):
    """The computer lacks something (a library, disk space, a right to write); the message says how to mend it."""
