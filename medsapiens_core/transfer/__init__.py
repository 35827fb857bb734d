"""Between files of other tools and projects: what knows both the exchange formats and the store."""
