"""Networks as files for other programs, each with its own proof: ten digits, their results here, and a seal."""
