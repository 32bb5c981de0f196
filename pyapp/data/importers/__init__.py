"""Data of one's own: every kind of file becomes the same images with labels, and says what was understood."""
