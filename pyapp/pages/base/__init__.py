"""What pages share, and the longer work of single pages. No page itself."""
