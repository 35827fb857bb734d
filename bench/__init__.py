"""Commands that measure the program; none is part of the installed package."""
