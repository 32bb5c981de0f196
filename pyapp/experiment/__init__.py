"""What every page is made of: parameters, frames, and functions that a reader may edit."""
