"""SQL of this folder."""
