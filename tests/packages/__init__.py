"""What ``make dist`` makes, installed as users install it: on Debian machines that were never used before."""
