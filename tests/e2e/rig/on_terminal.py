"""``python on_terminal.py PROGRAM …``: become PROGRAM with standard input as the controlling terminal.

A step of its own because ``pty.fork`` warns in a process with threads, and a child can take a terminal only after
``setsid``. The program keeps this process's id.
"""

import fcntl
import os
import sys
import termios

os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])  # there is no shell to start: that is the point
