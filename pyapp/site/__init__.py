"""What makes the site and serves it: standard library only, as it runs before anything is installed."""
