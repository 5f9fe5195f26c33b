"""What a teacher takes into a classroom, made from the one registry of exercises and from the questions of the chapters.

``make classroom`` writes all of it into ``_classroom/``. None of it is in the wheel.
"""
