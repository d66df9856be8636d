#!/usr/bin/env bash
# Makes the pictures of docs/tui.md: docs/screens/*.svg, of scry, and where csysdig 0.29.3 is installed of its same screens.
#
#   screens.sh CAPTURE    the pictures there are made from captures/502Error.scap of github.com/draios/sysdig-inspect
#
# SCRY is the binary (./scry). Needs tmux and Go.
set -euo pipefail
cd "$(dirname "$0")/../.."

scry=$(realpath "${SCRY:-./scry}")
capture=$(realpath "${1:?which capture?}")
out=$PWD/docs/screens
dir=$(mktemp -d)
t() { tmux -u -S "$dir/tmux" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null || true; rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir"; }' EXIT
unset TMUX TMUX_PANE NO_COLOR
go build -o "$dir/svg" ./testdata/demo/svg
mkdir -p "$dir/bin" "$out"
ln -s "$scry" "$dir/bin/scry"
cp "$capture" "$dir/requests.scap"

# start WIDTH HEIGHT COMMAND: a terminal in which it runs.
start() {
	t kill-server 2>/dev/null || true
	sleep 0.2 # the socket is given back
	HOME=$dir XDG_CONFIG_HOME=$dir COLORTERM=truecolor PATH=$dir/bin:$PATH TZ=UTC LC_ALL=C.UTF-8 \
		t start-server \; set -g status off \; set -s escape-time 0 \; set -g default-terminal tmux-256color \; \
		new-session -d -x "$1" -y "$2" -c "$dir" "$3"
}

# shows waits until the screen has a text.
shows() {
	local n
	for ((n = 0; n < 200; n++)); do
		[[ $(t capture-pane -p) != *"$1"* ]] || return 0
		sleep 0.1
	done
	printf 'screens.sh: the screen never shows %s:\n' "$1" >&2
	t capture-pane -p >&2
	return 1
}

# press KEY TEXT: and wait for the text.
press() {
	case $1 in
	"'"*) t send-keys -l -- "${1#\'}" ;;
	*) # shellcheck disable=SC2086  # several keys
		t send-keys $1 ;;
	esac
	shows "$2"
}

picture() {
	sleep 0.5
	t capture-pane -p -e -N | "$dir/svg" >"$dir/picture"
	mv "$dir/picture" "$out/$1.svg"
}

of_scry() {
	start 110 26 'scry tui -v containers -r requests.scap'
	shows example2_lb_1
	picture containers
	press Enter 'row 1 of 3'
	press F5 'GET /bar'
	picture echo
	press BSpace 'row 1 of 3'
	press F6 epoll_pwait
	press 'Down Down' 'event 3 of'
	picture dig
	press Enter parameters
	press 'Down Down x' 00000000
	picture detail
	press 'BSpace BSpace' 'row 1 of 3'
	press F2 COLUMNS
	picture views
	start 110 26 'scry tui -v procs -r requests.scap'
	shows 'row 1 of'
	picture processes
	press F4 'Tab completes'
	press "'proc.name in (curl, haproxy) and fd.prt=80" 'did you mean'
	picture filter
	press C-u 'Tab completes'
	press "'evt.failed=true and fd.si" fd.sip
	picture completion
	start 110 26 'scry tui -v spectro_all -r requests.scap'
	shows 10s
	picture spectrogram
	start 160 45 'scry tui -v overview -r requests.scap'
	shows CPU
	picture overview
}

of_csysdig() {
	start 110 26 'csysdig -v containers -r requests.scap'
	shows dockercloud
	sleep 1
	picture csysdig-containers
	press Enter PPID
	sleep 1 # keys that come while it reads cut the capture off
	press F5 'GET /bar'
	picture csysdig-echo
	press BSpace 'PPID'
	sleep 1
	press F6 epoll_pwait
	picture csysdig-dig
	press BSpace 'PPID'
	sleep 1
	press F2 'Select View'
	picture csysdig-views
	start 110 26 'csysdig -v procs -r requests.scap'
	shows Command
	sleep 1
	picture csysdig-processes
	press F4 'Filter'
	press 'F2 C-u' 'xpression'
	press "'proc.name in (curl, haproxy) and fd.prt=80" 'fd.prt'
	press Enter nvalid
	picture csysdig-filter
	start 110 26 'csysdig -v spectro_all -r requests.scap'
	shows '10.00s'
	sleep 3
	picture csysdig-spectrogram
}

of_scry
if command -v csysdig >/dev/null; then
	of_csysdig
fi
