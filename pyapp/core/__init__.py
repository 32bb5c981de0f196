"""Random numbers, array operations, layers, losses and optimisers: everything a small network is made of."""
