"""The benchmark: the same work in every runtime."""
