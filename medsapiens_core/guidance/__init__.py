"""What makes a reader look again: landmarks that lie oddly, and the limits that say what is odd. numpy only."""
