"""Number formats beside uniform integer grids: small floats, codebooks, and blocks that share a scale."""
