"""What this machine lends us: places, clock, zone, files, locks, processes, systemd, logs.

Everything here is a thin shell around the operating system, handed to its users as a parameter.
No rule about tokens, days or sessions belongs here.
"""
