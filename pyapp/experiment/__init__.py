"""What every page is made of: parameters, frames, panels, and functions that a reader may edit."""
