# What chisels_live_test.go knows the answers of. Argument: an empty directory. The process calls itself scrywork when it begins.
import ctypes
import os
import socket
import sys

top = sys.argv[1]
ctypes.CDLL(None).prctl(15, b"scrywork", 0, 0, 0)

# 30 writes of 1000 bytes to a file, and the same bytes read.
fd = os.open(top + "/data", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
for _ in range(30):
    os.write(fd, b"x" * 1000)
os.close(fd)
fd = os.open(top + "/data", os.O_RDONLY)
while os.read(fd, 4096):
    pass
os.close(fd)

# 17 files that are not there.
for i in range(17):
    try:
        os.open(top + "/none%d" % i, os.O_RDONLY)
    except FileNotFoundError:
        pass

# 5 connections to itself: 100 bytes out, 250 back.
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
for _ in range(5):
    client = socket.socket()
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    client.sendall(b"q" * 100)
    server.recv(100, socket.MSG_WAITALL)
    server.sendall(b"a" * 250)
    client.recv(250, socket.MSG_WAITALL)
    client.close()
    server.close()

# 3 programs that start, and one that is not there.
for i in range(4):
    pid = os.fork()
    if pid == 0:
        try:
            if i < 3:
                os.execv("/bin/true", ["true", "scry", str(i)])
            os.execv(top + "/missing", ["missing", "-x"])
        except OSError:
            os._exit(3)
    os.waitpid(pid, 0)
