"""The usual shape of a template's landmarks, and what it says of landmarks that nobody has placed yet. numpy only."""
