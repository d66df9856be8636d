# A pipeline, and commands that fail: a file that is missing, a program that is missing, one that may not be run, one that is killed.
printf 'pear\napple\nplum\n' > fruit
cat fruit | sort | head -n 2 > sorted
ls missing 2> errors
./no-such-program 2>> errors
./fruit 2>> errors
sleep 60 & kill $!
wait $!
sh -c 'exit 7' || echo "ended with $?" >> errors
exit 3
