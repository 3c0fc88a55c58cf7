"""Pictures that lie in no volume: radiographs and planar scintigrams."""
