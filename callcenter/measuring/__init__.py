"""What Prometheus reads: the only room that knows it. Labels hold states and kinds, never a number or a name."""
