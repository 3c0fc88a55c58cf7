"""3. The Segmenter port and its back ends."""
