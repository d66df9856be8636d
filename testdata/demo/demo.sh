#!/usr/bin/env bash
# Shows the full-screen interface at work: captures of this repository in a terminal, with keys that are typed as a person would. `make demo` builds scry first.
#
#   demo.sh           in this terminal; Ctrl-B d leaves
#   demo.sh --check   without one, as fast as the screens come; fails when one does not show what it should
#
# SCRY is the binary (./scry), PACE the seconds to look at a screen (3). Needs tmux.
set -euo pipefail
cd "$(dirname "$0")/../.."

scry=$(realpath "${SCRY:-./scry}")
pace=${PACE:-3}
check=false
[[ ${1:-} == --check ]] && check=true pace=0

command -v tmux >/dev/null || { echo 'demo.sh: needs tmux' >&2; exit 1; }
[[ -x $scry ]] || { echo "demo.sh: $scry is not there: make build" >&2; exit 1; }

# Each line: what is said below the screen | keys as tmux calls them, or ' and a text to type | what the screen then shows.
scenes=$(
	cat <<'SCENES'
The containers of a capture                                  | $ tui -v containers -r testdata/hello.scap | shop
Enter goes into one: its processes                           | Enter          | ▸ Processes
... their threads                                            | Enter          | ▸ Threads
... the files that they used                                 | Enter          | ▸ Files
F5: what was read and written                                | F5             | write 113B to /dev/null
F2: the same as hexadecimal numbers                          | F2 F2          | 32 30 32 34
Backspace goes up again                                      | BSpace         | ▸ Files
F2: all views that go on from here, explained                | F2             | COLUMNS
Esc changes nothing. q leaves                                | Escape         | !COLUMNS
                                                             | q              | 
The processes                                                | $ tui -v procs -r testdata/hello.scap | row 1 of 13
F4: a filter, checked while it is typed                      | F4             | Tab completes
... with its mistakes                                        | 'proc.nam=curl | did you mean proc.name
... and completion                                           | C-u            | !did you mean
                                                             | 'proc.name=curl | proc.name=curl
                                                             | Enter          | !systemd
F6: the events                                               | F6             | ▸ Events
Enter: all that is known of one                              | Enter          | parameters
x: its bytes                                                 | x              | 00000000
                                                             | BSpace BSpace  | Command
z: a part of the time                                        | z              | from 09:30
                                                             | NPage NPage Enter | !from 09:30
y: the command line that prints this                         | y              | scry -r
                                                            | Escape         | !scry -r
?: the keys that are valid now                               | ?              | KEYS
                                                             | Escape         | !KEYS
t: another theme                                             | t              | theme high-contrast
                                                             | q              | 
Requests and what they took                                  | $ tui -v connections -r testdata/web.scap | Connections
                                                             | q              | 
SCENES
)

dir=$(mktemp -d)
t() { tmux -u -S "$dir/tmux" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null || true; rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir"; }' EXIT # the shell may still write its history
unset TMUX TMUX_PANE NO_COLOR

# shows waits until the screen has a text; behind "!" until it has not; "" is a prompt.
shows() {
	local want=$1 screen n
	for ((n = 0; n < 400; n++)); do
		screen=$(t capture-pane -p)
		case $want in
		'') [[ $(t display-message -p '#{alternate_on}') == 0 ]] && return ;;
		'!'*) [[ $screen != *"${want#!}"* ]] && return ;;
		*) [[ $screen == *"$want"* ]] && return ;;
		esac
		sleep 0.05
	done
	printf 'demo.sh: the screen never shows %s:\n%s\n' "$want" "$screen" >&2
	return 1
}

trim() {
	local s=$1
	s=${s#"${s%%[![:space:]]*}"}
	printf '%s' "${s%"${s##*[![:space:]]}"}"
}

typed() {
	local i text=$1
	if $check; then
		t send-keys -l -- "$text"
		return
	fi
	for ((i = 0; i < ${#text}; i++)); do
		t send-keys -l -- "${text:i:1}"
		sleep 0.08
	done
}

play() {
	local says keys want
	while IFS='|' read -r says keys want; do
		says=$(trim "$says") keys=$(trim "$keys") want=$(trim "$want")
		[[ -n $keys ]] || continue
		[[ -z $says ]] || t set -g status-left " $says "
		case $keys in
		'$ '*) typed "clear; scry ${keys#\$ }"; t send-keys Enter ;;
		"'"*) typed "${keys#\'}" ;;
		*) # shellcheck disable=SC2086  # several keys
			t send-keys $keys ;;
		esac
		shows "$want"
		sleep "$pace"
	done <<<"$scenes"
}

mkdir "$dir/bin"
ln -s "$scry" "$dir/bin/scry"
HISTFILE= HOME=$dir XDG_CONFIG_HOME=$dir PATH=$dir/bin:$PATH TZ=UTC LC_ALL=C.UTF-8 PS1='$ ' t new-session -d -x 120 -y 33 bash --norc --noprofile
t set -s escape-time 0 \; set -g status-right '' \; set -g status-left-length 100 \; set -g status-style reverse \; set -g default-terminal tmux-256color \; \
	set -g window-status-format '' \; set -g window-status-current-format ''
if $check; then
	play
	echo 'all screens came'
else
	(play || true; t kill-server) >"$dir/says" 2>&1 &
	t attach || true
	cat "$dir/says"
fi
