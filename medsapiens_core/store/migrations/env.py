"""Alembic's entry: runs the scripts on the connection that `medsapiens_core.store.migrate` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
