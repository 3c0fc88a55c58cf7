"""A network that the user puts in place: an ONNX file and a JSON file beside it that says how to use it."""
