package main

// The programs of TestPeers. They work in an empty directory; $SERVER4 and $SERVER6 are a server of HTTP, $PYTHON is the real interpreter.
var peers = []struct {
	name  string
	tool  string // it needs
	setup string // untraced, with sh
	run   string
}{
	{"pipeline", "sh", `for i in 3 1 2 3 1 3; do echo $i; done >list`, `sh -c '
		cat list | sort | uniq -c | sort -rn >sorted; head -n 1 sorted
		mkdir -p a/b && cp list a/b/one && mv a/b/one a/b/two && ln -s two a/b/link && readlink a/b/link && ln a/b/two a/b/hard
		chmod 640 a/b/two; touch a/b/new; rmdir a 2>/dev/null || ls -l a/b | wc -l
		(cd a && pwd) ; cat none 2>/dev/null; x=$(echo $((6*7))); echo $x; rm -r a; kill -TERM $$'`},
	{"static", "gcc", `gcc -static -O1 -o prog "$TESTDATA/peers/prog.c"`, `./prog`},
	{"dynamic", "gcc", `gcc -O1 -o prog "$TESTDATA/peers/prog.c"`, `./prog`},
	{"python", "python3", ``, `"$PYTHON" -S -E -c '
import threading, os, subprocess, tempfile
def work(n):
    r, w = os.pipe()
    os.write(w, b"x" * n)
    os.read(r, 100)
    with tempfile.NamedTemporaryFile(dir=".") as f:
        f.write(b"\xff\x00" * 300)
        f.flush()
        os.fstat(f.fileno())
    try: os.stat("/none/%d" % n)
    except OSError: pass
threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 7)]
for t in threads: t.start()
for t in threads: t.join()
subprocess.run(["/bin/echo", "from", "a", "child"])
threading.Thread(target=threading.Event().wait, daemon=True).start()
os._exit(3)
'`},
	{"curl4", "curl", ``, `curl -s --data-binary "some data" -o out "$SERVER4/four"`},
	{"curl6", "curl", ``, `curl -s -o out "$SERVER6/six"`},
	{"git", "git", `mkdir home; for i in 1 2 3; do echo $i >f$i; done`, `env HOME="$PWD/home" GIT_CONFIG_NOSYSTEM=1 sh -c '
		git init -q repo && cd repo && cp ../f? . && git add . &&
		git -c user.name=me -c user.email=me@here -c gc.auto=0 commit -q -m "the first" && git log --oneline | cat; git diff HEAD >/dev/null'`},
	{"sqlite3", "sqlite3", ``, `sqlite3 db "create table t(a integer primary key, b text); begin; insert into t(b) values ('one'), ('two'), ('three'); commit; select count(*) from t; delete from t where a = 2; vacuum;"`},
	{"build", "gcc", `printf '#include <stdio.h>\nint twice(int);\nint main(void) { printf("%%d\\n", twice(21)); }\n' >a.c; printf 'int twice(int n) { return 2 * n; }\n' >b.c`,
		`gcc -O1 -o ab a.c b.c`},
}
