"""Two generators of handwritten digits: a mini decoder of glyphs, and the trained network that taught it."""
