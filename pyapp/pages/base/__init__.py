"""What pages share, and the longer work of single pages. No module here is a page."""
