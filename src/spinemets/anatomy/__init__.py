"""4. Labels to a Spine."""
