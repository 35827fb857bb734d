"""The anatomy of the synthetic films, one module per region, drawn with `film.Film`."""
