"""Disease inside the canal: what it fills, how sac and cord give way, and what it mixes into the CSF."""
