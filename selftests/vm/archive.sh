# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The distribution's archive through package lists of our own.  Needs lib.sh.

distribution() { (. /etc/os-release && echo "${PRETTY_NAME:-this system}"); }

# sources: the system's package sources as 'URI SUITE COMPONENT' lines.
sources()
{
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | sort -u
}

# suites SET: the sources of one of the sets of releases.
#
#	own		what the system has of its own release
#	backports	that, and its backports
#	others		that, and Debian's other releases of the last years
suites()
{
	local codename base security

	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	sources | awk -v c="$codename" '$2 == c || index($2, c "-") == 1'
	base=$(sources | awk -v c="$codename" '$2 == c { print $1; exit }')
	security=$(sources |
		awk -v s="$codename-security" '$2 == s { print $1; exit }')
	case $1 in
	own)
		;;
	backports)
		echo "$base $codename-backports main"
		;;
	*)
		[ "$(. /etc/os-release && echo "$ID")" = debian ] || return 0
		for s in bookworm trixie; do
			echo "$base $s main"
			[ -z "$security" ] || echo "$security $s-security main"
			echo "$base $s-backports main"
		done
		;;
	esac
}

# lists SET: selects a set; fetches its lists if they are a day old.
lists()
{
	local dir=$CACHE/apt/$1 key opt=

	APT="-o Dir::Etc::sourcelist=$dir/sources.list"
	APT+=" -o Dir::Etc::sourceparts=/dev/null"
	APT+=" -o Dir::Etc::preferences=/dev/null"
	APT+=" -o Dir::Etc::preferencesparts=/dev/null"
	APT+=" -o Dir::State::Lists=$dir/lists -o Dir::Cache=$dir/cache"
	APT+=" -o APT::Sandbox::User= -o Debug::NoLocking=1"
	APT+=" -o Acquire::Languages=none -o Acquire::Retries=3"
	[ -z "$(find "$dir/fresh" -mmin -1440 2>/dev/null)" ] || return 0
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	for key in debian ubuntu; do
		key=/usr/share/keyrings/$key-archive-keyring.gpg
		[ ! -e "$key" ] || opt="$opt,$key"
	done
	suites "$1" | sort -u | awk -v o="${opt:+[signed-by=${opt#,}] }" \
		'{ print "deb " o $0 }' >"$dir/sources.list"
	[ -s "$dir/sources.list" ] || die "apt knows no sources of" \
		"$(distribution): see /etc/apt/sources.list"
	if apt-get $APT -qq update >"$dir/log" 2>&1 &&
	   ! grep -q '^[EW]: Failed' "$dir/log"; then
		touch "$dir/fresh"
	elif [ ! -e "$dir/fresh" ]; then
		cat "$dir/log" >&2
		[ "$1" != own ] && return 1
		die "apt cannot read the package lists: is there a network?"
	fi
}

apt() { apt-cache $APT "$@"; }
apt_download() { apt-get $APT -qq download "$@"; }
