"""Files of an input: found, sniffed, unpacked under bounds, digested."""
