"""How real the digital spine looks, in numbers: PHA-80 to 82 on the public test images beside the repository."""
