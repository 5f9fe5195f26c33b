"""Measurements that the book quotes; each writes one file under results/."""
