"""``make bench``: every measurement whose results the project keeps, in turn."""

from . import chapters, consistency, field, genre, scale, ship_models, throughput

for benchmark in (genre, field, throughput, scale, consistency, ship_models, chapters):
    benchmark.main()
