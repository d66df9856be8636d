# Sockets of four families, threads, and calls that have an event of their own. argv[1] is an empty directory.
import array, ctypes, errno, fcntl, mmap, os, resource, select, signal, socket, struct, sys, threading, time

os.chdir(sys.argv[1])


def attempt(f, *args):
    try:
        return f(*args)
    except (OSError, ValueError) as e:
        return e


def stream(family, address):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(address)
    server.listen(4)
    name = server.getsockname()

    def serve():
        for _ in range(2):
            c, _ = server.accept()
            data = c.recv(1000)
            c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + data)
            c.shutdown(socket.SHUT_RDWR)
            c.close()

    t = threading.Thread(target=serve)
    t.start()
    for nonblocking in (False, True):
        c = socket.socket(family, socket.SOCK_STREAM)
        c.setblocking(not nonblocking)
        e = attempt(c.connect, name)
        if isinstance(e, BlockingIOError):
            select.select([], [c], [], 10)
            c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        c.setblocking(True)
        c.send(b"GET /" + str(int(nonblocking)).encode() + b" HTTP/1.0\r\n\r\n")
        while c.recv(4096):
            pass
        attempt(c.getpeername)
        c.close()
    t.join()
    server.close()


stream(socket.AF_INET, ("127.0.0.1", 0))
ipv6 = os.path.exists("/proc/net/if_inet6") and open("/proc/net/if_inet6").read() != ""
if ipv6:
    stream(socket.AF_INET6, ("::1", 0))
stream(socket.AF_UNIX, "stream.sock")

for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0)), (socket.AF_UNIX, "dgram.sock")):
    if family == socket.AF_INET6 and not ipv6:
        continue
    a, b = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    a.bind(address)
    b.sendto(b"one datagram", a.getsockname())
    a.recvfrom(100)
    b.connect(a.getsockname())
    b.send(b"connected")
    a.recvmsg(100)
    b.sendmsg([b"in ", b"pieces"])
    a.recv(100)
    attempt(a.recv, 10, socket.MSG_DONTWAIT)
    a.close()
    b.close()

refused = socket.socket()
attempt(refused.connect, ("127.0.0.1", 1))
refused.close()
x, y = socket.socketpair()
socket.send_fds(x, [b"fd"], [0])
for fd in socket.recv_fds(y, 10, 1)[1]:
    os.close(fd)
x.close(), y.close()

# Threads that work on files at the same time.
lock = threading.Lock()


def worker(n):
    for k in range(20):
        with lock:
            with open(f"thread{n}.{k}", "wb") as f:
                f.write(b"x" * (k * 100))
        with open(f"thread{n}.{k}", "rb") as f:
            f.read()
        os.rename(f"thread{n}.{k}", f"renamed{n}.{k}")
        os.unlink(f"renamed{n}.{k}")


workers = [threading.Thread(target=worker, args=(n,)) for n in range(4)]
for t in workers:
    t.start()
for t in workers:
    t.join()

# Descriptors of all kinds.
r, w = os.pipe()
os.write(w, bytes(range(256)))
os.read(r, 1000)
d = os.dup(r)
os.dup2(r, 100)
fcntl.fcntl(d, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
fcntl.fcntl(d, fcntl.F_GETFL)
attempt(fcntl.fcntl, 999, fcntl.F_GETFL)
p = select.poll()
p.register(r, select.POLLIN)
p.poll(1)
e = select.epoll()
e.register(r, select.EPOLLIN)
e.poll(0.001)
e.close()
os.close(d), os.close(100), os.close(r), os.close(w)
os.close(os.eventfd(3))
os.close(os.memfd_create("scratch"))
os.close(os.pidfd_open(os.getpid()))
os.close(os.open(".", os.O_RDONLY | os.O_DIRECTORY))
fd = os.open("vector", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
os.writev(fd, [b"a" * 10, b"b" * 200])
os.pwrite(fd, b"at", 1000)
os.lseek(fd, 0, os.SEEK_SET)
os.readv(fd, [bytearray(5), bytearray(300)])
os.pread(fd, 20, 5)
os.ftruncate(fd, 4096)
fcntl.flock(fd, fcntl.LOCK_EX)
m = mmap.mmap(fd, 4096)
m[0] = 1
m.close()
out = os.open("sent", os.O_WRONLY | os.O_CREAT, 0o600)
os.sendfile(out, fd, 0, 100)
attempt(os.copy_file_range, fd, out, 50)
attempt(fcntl.ioctl, fd, 0x5401, b"0" * 64)
os.fchmod(fd, 0o600), os.fchown(fd, os.getuid(), os.getgid())
os.close(fd), os.close(out)

# Paths that work and that do not.
dirfd = os.open(".", os.O_RDONLY)
os.mkdir("sub", dir_fd=dirfd)
os.symlink("vector", "link", dir_fd=dirfd)
os.link("vector", "sub/hard")
os.unlink("sub/hard", dir_fd=dirfd)
os.stat("link"), os.lstat("link"), os.access("link", os.R_OK), os.listdir("sub")
os.rename("link", "sub/link")
for f in (lambda: os.open("missing/file", os.O_RDONLY), lambda: os.mkdir("sub"), lambda: os.rmdir("sub"), lambda: os.unlink("nothing"),
          lambda: os.chdir("nowhere"), lambda: os.open("\x1b[31mred\xff" * 3, os.O_RDONLY), lambda: os.open("a" * 300, os.O_RDONLY),
          lambda: os.open("grüße/日本", os.O_RDONLY), lambda: os.execv("/nonexistent", ["a"])):
    attempt(f)
libc = ctypes.CDLL(None, use_errno=True)
libc.open(ctypes.c_void_p(1), 0)
libc.write(1, ctypes.c_void_p(1), 10)
libc.getcwd(ctypes.create_string_buffer(200), 200)
libc.syscall(9999)
os.close(dirfd)

# Limits, signals, time, identity.
resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
signal.signal(signal.SIGUSR1, lambda *a: None)
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0.001)
time.sleep(0.01)
attempt(os.kill, 1 << 21, 0)
os.getresuid(), os.getpriority(os.PRIO_PROCESS, 0), os.getpgid(0), os.getsid(0)
pid = os.fork()
if pid == 0:
    os.setsid()
    os.setpgid(0, 0) if os.getpid() != os.getpgid(0) else None
    attempt(os.setgid, 65534), attempt(os.setuid, 65534)
    attempt(open, "/etc/shadow")
    os._exit(7)
os.waitpid(pid, 0)
pid = os.posix_spawn("/bin/echo", ["echo", "spawned", "x" * 500], {"A": "1"})
os.waitpid(pid, 0)
