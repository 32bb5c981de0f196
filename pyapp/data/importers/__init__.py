"""Readers' own data: every kind of file becomes images with labels in one form, and notes say what was understood."""
