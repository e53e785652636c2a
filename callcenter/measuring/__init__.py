"""Prometheus metrics. Only this package uses prometheus_client. Labels hold states and kinds, no numbers or names."""
