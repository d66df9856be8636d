# Computes for 6 seconds. Prints, about 20 times a second, the time of the day and the CPU time used so far.
import time

end = time.time() + 6
while time.time() < end:
    now = time.time()
    print(now, time.process_time(), flush=True)
    while time.time() < now + 0.05:
        for _ in range(1000):
            pass
