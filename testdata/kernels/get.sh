#!/usr/bin/env bash
# get.sh ARCH SUITE DIR puts Debian's cloud kernel of a suite (bullseye 5.10, bookworm 6.1, trixie 6.12) for amd64 or arm64 into DIR and prints where it is.
# It asks the package source that this machine has, with an apt state of its own below DIR: nothing is installed.
set -euo pipefail
arch=$1 suite=$2 dir=$3

found() { compgen -G "$dir/boot/vmlinuz-*" | sort -V | tail -n 1; }

if [[ -z $(found) ]]; then
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
	dir=$(cd "$dir" && pwd)
	shopt -s nullglob
	source=$(awk '
		/^URIs:/ { for (i = 2; i <= NF; i++) if ($i ~ /\/debian\/?$/) { print $i; exit } }
		/^deb /  { for (i = 2; i <= NF; i++) if ($i ~ /\/debian\/?$/) { print $i; exit } }
	' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.lis[t])
	echo "deb [trusted=yes] ${source:?no package source of Debian} $suite main" >"$dir/apt/sources.list"
	options=(-o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$dir/apt/lists"
		-o "Dir::Cache=$dir/apt/cache" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User=root)
	apt-get "${options[@]}" -qq update >&2
	package=$(apt-cache "${options[@]}" search --names-only "^linux-image-[0-9].*cloud-$arch\$" | awk '$1 !~ /-rt-/ { print $1 }' | sort -V | tail -n 1)
	cd "$dir/apt"
	apt-get "${options[@]}" -qq download "${package:?$suite has no cloud kernel for $arch}" >&2
	dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x -C "$dir" --wildcards './boot/vmlinuz-*'
	rm -f "$package"_*.deb
fi
found
