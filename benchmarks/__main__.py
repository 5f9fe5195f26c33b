"""``make bench``: every measurement whose results the project keeps, in turn."""

from . import consistency, first_light, scale, ship_models, throughput

for benchmark in (first_light, throughput, scale, consistency, ship_models):
    benchmark.main()
