"""``make bench``: every measurement whose results the project keeps, in turn."""

from . import consistency, genre, scale, ship_models, throughput

for benchmark in (genre, throughput, scale, consistency, ship_models):
    benchmark.main()
