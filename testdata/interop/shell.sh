# Shell work: pipelines, failing commands, redirections, signals, many files. $1 is an empty directory.
cd "$1" || exit 1
umask 027
mkdir d d/e
seq 40 | while read -r n; do echo "line $n of a file" > "d/f$n"; done
cat d/f* | sort -r | head -n 3
ls d/missing
./no-such-program
: > not-executable
./not-executable
printf '#!/nonexistent/interpreter\n' > script && chmod 755 script && ./script
false | true
cat d/f1 2>&1 | tr a-z A-Z | wc -c > count
(read -r x; echo "got $x") <<!
here
!
mkfifo p
cat p > copy & echo through-a-pipe > p
wait
sleep 30 & kill -TERM $!
wait $!
sh -c 'kill -SEGV $$'
sh -c 'trap "echo trapped" USR1; kill -USR1 $$'
sh -c 'exit 3'
ln -s d/f1 sym && ln d/f1 hard && mv hard d/e/moved && rm sym && readlink sym
cp d/f2 d/e/f2 && chmod 600 d/e/f2 && touch d/e/f2
rm -r d/e && rmdir d 2>&1
head -c 100000 /dev/zero | wc -c
env -i A=1 B="two words" sh -c 'echo $B'
exec 7> seven; echo to seven >&7; exec 7>&-
exit 0
