"""Ask a PACS, fetch images from it and send reports to it: the optional extra `pacs`, the only part with a network.

Nothing here is reached but by the command `medsapiens pacs`; the window and every other command know nothing of it.
"""
