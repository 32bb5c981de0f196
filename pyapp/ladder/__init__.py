"""The ladder: seven small files, from a line to a generated word, each with one idea more than the one before."""
