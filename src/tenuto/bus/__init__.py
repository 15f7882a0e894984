"""What carries events from those who publish them to those who wait for them. They know ports, never each other."""
