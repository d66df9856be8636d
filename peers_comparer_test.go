package main

import (
	"strings"
	"testing"
)

// The comparer of TestPeers sees what is wrong: each row is a call as strace shows it, and the arguments of scry's enter and exit; bad is a part
// of them with what stands there instead.
func TestPeersComparer(t *testing.T) {
	for _, row := range []struct{ line, enter, exit, good, bad string }{
		{`read(3, "\x68\xff", 80) = 2`, `{"fd":3,"size":80}`, `{"res":2,"data":"h\ufffd","data_b64":"aP8=","fd":3,"size":80}`, `"res":2`, `"res":3`},
		{`read(3, "\x68\xff", 80) = 2`, `{"fd":3,"size":80}`, `{"res":2,"data":"h\ufffd","data_b64":"aP8=","fd":3,"size":80}`, `aP8=`, `aP4=`},
		{`read(3, "\x68\xff", 80) = 2`, `{"fd":3,"size":80}`, `{"res":2,"data":"h\ufffd","data_b64":"aP8=","fd":3,"size":80}`, `"size":80`, `"size":8`},
		{`read(3, 0x7ff0, 80) = -1 EBADF (Bad file descriptor)`, `{"fd":3,"size":80}`, `{"res":-9,"res_name":"EBADF","data":"","fd":3,"size":80}`, `-9`, `-8`},
		{`read(3, 0x7ff0, 80) = -1 EBADF (Bad file descriptor)`, `{"fd":3,"size":80}`, `{"res":-9,"res_name":"EBADF","data":"","fd":3,"size":80}`, `"data":""`, `"data":"x"`},
		{`openat(-100 /* AT_FDCWD */, "\x61", 0x80000 /* O_RDONLY|O_CLOEXEC */) = 3`, `{}`,
			`{"fd":3,"dirfd":-100,"dirfd_name":"AT_FDCWD","name":"a","flags":4097,"flags_names":["O_RDONLY","O_CLOEXEC"]}`, `"O_CLOEXEC"`, `"O_CREAT"`},
		{`openat(-100 /* AT_FDCWD */, "\x61", 0x80000 /* O_RDONLY|O_CLOEXEC */) = 3`, `{}`,
			`{"fd":3,"dirfd":-100,"dirfd_name":"AT_FDCWD","name":"a","flags":4097,"flags_names":["O_RDONLY","O_CLOEXEC"]}`, `"name":"a"`, `"name":null`},
		{`pause() = ? ERESTARTNOHAND (To be restarted if no handler)`, `{}`, `{"res":-514}`, `514`, `512`},
		{`connect(5, {sa_family=0x2 /* AF_INET */, sin_port="\x00\x50" /* htons(80) */, sin_addr="\x7f\x00\x00\x01" /* inet_addr("\x31") */}, 16) = 0`,
			`{"fd":5,"addr":"127.0.0.1:80","addr_ip":"127.0.0.1","addr_port":80}`, `{"res":0,"tuple_dip":"127.0.0.1","tuple_dport":80,"tuple":""}`, `"addr_port":80`, `"addr_port":81`},
		{`poll([{fd=5, events=0x4 /* POLLOUT */}, {fd=3, events=0x1 /* POLLIN */}], 2, 199) = 1 ([{fd=5, revents=0x1c /* POLLOUT|POLLERR|POLLHUP */}])`,
			`{"fds":[{"fd":5,"events":4},{"fd":3,"events":1}]}`, `{"res":1,"fds":[{"fd":5,"events":52},{"fd":3,"events":0}],"timeout":199}`, `52`, `4`},
		{`execve("\x2f\x61", ["\x61", "\x62"], ["\x63\x3d\x64"]) = 0`, `{"filename":"/a"}`, `{"res":0,"tid":7,"exe":"a","args":["b"],"env":["c=d"]}`, `["b"]`, `["b","c"]`},
		{`execve("\x2f\x61", ["\x61", "\x62"], ["\x63\x3d\x64"]) = 0`, `{"filename":"/a"}`, `{"res":0,"tid":7,"exe":"a","args":["b"],"env":["c=d"]}`, `"/a"`, `"/b"`},
		{`futex(0x10, 0x80 /* FUTEX_WAIT_PRIVATE */, 2, NULL) = 0`, `{}`, `{"res":0,"addr":16,"op":128,"op_names":["FUTEX_PRIVATE_FLAG"],"val":2}`, `"FUTEX`, `"FUTEX_WAKE","FUTEX`},
		{`exit_group(0) = ?`, `{"ID":1}`, ``, ``, ``},
		{`sync() = 0`, `{"ID":1}`, `{"ID":1 }`, `{"ID":1 }`, ``},
	} {
		enter, exit := row.enter, row.exit
		for _, broken := range []bool{false, true} {
			if broken && row.good == row.bad { // nothing to break
				continue
			} else if broken {
				enter, exit = strings.Replace(enter, row.good, row.bad, 1), strings.Replace(exit, row.good, row.bad, 1)
			}
			s, err := parseCall(row.line)
			if err != nil {
				t.Fatal(err)
			}
			s.tid = 7
			var lines strings.Builder
			for _, e := range []struct{ dir, args string }{{">", enter}, {"<", exit}} {
				if e.args != "" {
					lines.WriteString(`{"thread.tid":7,"evt.dir":"` + e.dir + `","syscall.type":"x","evt.type":"` + s.name + `","args":` + e.args + "}\n")
				}
			}
			ours, err := parseScry(strings.NewReader(lines.String()))
			if err != nil {
				t.Fatal(err)
			}
			c := &comparison{byCall: map[string]tally{}, first: 7}
			c.thread(7, []straced{s}, ours[7])
			if (len(c.wrong) > 0) != broken {
				t.Errorf("%s: broken %v, said %q", row.line, broken, c.wrong)
			}
		}
	}
}
