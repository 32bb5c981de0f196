"""Data: MNIST files, the digits that the page ships, drawings and pictures."""
