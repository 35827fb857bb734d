"""Alembic scripts, run by `medsapiens_core.store.migrate`; revision names are the numbers 1, 2, ..."""
