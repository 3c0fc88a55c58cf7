"""Cases by name: who the patient is, what is planted, what a good reading must find."""
