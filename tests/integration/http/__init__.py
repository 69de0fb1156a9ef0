"""The reference service on a socket, alone and as `serve`."""
