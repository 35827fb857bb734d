"""Which cases to label next, and what labelling more would bring. numpy and OpenCV only; no network is asked."""
