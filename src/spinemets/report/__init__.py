"""10a. For people: HTML, plots, pictures."""
