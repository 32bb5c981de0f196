"""The ladder: seven small files, from a line to a generated word, each with one more idea than the last."""
