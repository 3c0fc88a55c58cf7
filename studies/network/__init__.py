"""How well the spine network reads real images that it was never trained on."""
