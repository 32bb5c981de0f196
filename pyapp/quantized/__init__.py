"""The networks on integer grids: quantised after training or while they train, and bits for each layer."""
