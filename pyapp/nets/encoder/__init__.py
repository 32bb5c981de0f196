"""MobileBERT (Sun et al. 2020), a small text encoder: its blocks, the network, and checkpoints of Hugging Face."""
