"""Decoding untrusted files in a child process: a decoder that aborts, hangs or eats memory costs one file.

`read_image`, `probe` and `contents` have the signatures of `medsapiens_core.io`; the window uses these and never those.
`read_labels` and `guess_format` do the same for label files, which everything outside `exchange` reads with them.
Source: formats.md 1.1, reliability.md 3.2 (H1, H2, H5).
"""

from medsapiens_core.decoding.pool import close_decoders, contents, guess_format, probe, read_image, read_labels

__all__ = ["close_decoders", "contents", "guess_format", "probe", "read_image", "read_labels"]
