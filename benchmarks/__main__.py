"""``make bench``: every measurement, in turn."""

from . import first_light

first_light.main()
