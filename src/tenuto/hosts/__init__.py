"""Who drives the heart. Hosts never know each other."""
