"""The soak: many OpenCodes at once, the daemon killed again and again, and every figure exact at the end.

python -m tests.soak                                   # 64 writers, 1,000 messages each (make soak)
python -m tests.soak --writers 64 --messages 50        # less of it
python -m tests.soak --seconds 600                     # the same number of messages, spread over ten minutes
"""
