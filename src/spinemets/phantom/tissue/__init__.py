"""What tissues are made of: proton pools, relaxation, mineral, uptake."""
