"""What every request passes, outside of the routes: pure ASGI, a few microseconds each."""
