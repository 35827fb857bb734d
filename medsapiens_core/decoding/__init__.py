"""Decoding untrusted files in a child process: a decoder that aborts, hangs or eats memory costs one file.

`read_image`, `probe` and `contents` have the signatures of `medsapiens_core.io`; the window uses these and never those.
`read_labels` and `guess_format` do the same for label files, which everything outside `exchange` reads with them;
`clean_copy` and `make_file` for copies and label files whose making opens somebody's picture.
Source: formats.md 1.1, reliability.md 3.2 (H1, H2, H5).
"""

from medsapiens_core.decoding.pool import (
    clean_copy,
    close_decoders,
    contents,
    guess_format,
    make_file,
    probe,
    read_image,
    read_labels,
)

__all__ = [
    "clean_copy", "close_decoders", "contents", "guess_format", "make_file", "probe", "read_image", "read_labels",
]  # fmt: skip
