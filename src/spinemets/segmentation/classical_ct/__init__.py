"""The spine in CT without a network: canal, discs, and the bone between two discs. A floor, and no names."""
