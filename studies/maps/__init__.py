"""Maps against public references and the digital spine: every table of the page on maps."""
