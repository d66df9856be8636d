# Something of each kind, held open: chisels_live_test.go looks at it from outside. Argument: an empty directory. Prints a line when all is there, and ends
# with its input.
import os
import socket
import sys
import threading

top = sys.argv[1]
kept = [open(top + "/read", "w+"), open(top + "/write", "w"), os.pipe(), os.open(top, os.O_RDONLY)]
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    listener = socket.socket(family)
    listener.bind((address, 0))
    listener.listen(5)
    client = socket.socket(family)
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((address, 0))
    peer = socket.socket(family, socket.SOCK_DGRAM)
    peer.connect(bound.getsockname())
    kept += [listener, client, server, bound, peer]
local = socket.socket(socket.AF_UNIX)
local.bind(top + "/local")
local.listen(1)
caller = socket.socket(socket.AF_UNIX)
caller.connect(top + "/local")
answer, _ = local.accept()
kept += [local, caller, answer]
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
