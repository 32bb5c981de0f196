"""Networks as files for other programs, each with its own proof: inputs, what this package makes of them, a seal."""
