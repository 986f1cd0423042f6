#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A tree of 100,000 files in 1,000 directories, as the example program `walk`
# lists it, is the one that find lists.
#
#	walk_test.sh [DIRECTORIES]	each has 100 files
#
# A kernel that is SLOW times as slow gets so many fewer.
#
# Copyright (C) 2026 The cloudabi.ko authors

cd "$(dirname "$0")" || exit 1
walk=$PWD/programs/walk
directories=${1:-$((1000 / ${SLOW:-1}))}
tmp=$(mktemp -d /tmp/walk.XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

result()
{
	status=$?
	n=$((n + 1))
	if [ $status = 0 ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $* # status $status"
		failed=1
	fi
}

# As many directories in each as there are at the top, in a tree of three levels.
make_tree()
{
	d=0
	while [ $d -lt "$directories" ]; do
		dir=$tmp/tree/$((d / 100))/$((d / 10 % 10))/$d
		mkdir -p "$dir"
		f=0
		while [ $f -lt 100 ]; do
			echo $((d * f)) >"$dir/file-$f"
			f=$((f + 1))
		done
		d=$((d + 1))
	done
	ln -s /nowhere "$tmp/tree/link"
	: >"$tmp/tree/ a name"
}

# In the words of walk: type, size, path.
find_says()
{
	(cd "$tmp/tree" && find . ! -name . -print0 |
		xargs -0 stat -c '%A %s %n') |
		sed 's/^-[^ ]*/f/; s/^d[^ ]* [0-9]*/d 0/; s/^l[^ ]*/l/
			s, \./, ,' | sort
}

echo "KTAP version 1"
echo "1..4"
make_tree
find_says >"$tmp/want"
"$walk" 0<"$tmp/tree" >"$tmp/out"
result walk
sed '$d' "$tmp/out" | sort >"$tmp/got"
cmp "$tmp/want" "$tmp/got"
result "lists what find lists: $(wc -l <"$tmp/want") names"
awk '{ n[$1]++ } $1 == "f" { sum += $2 }
	END { printf "%d files, %d directories, %d others, %d bytes\n",
		n["f"], n["d"], n["l"], sum }' "$tmp/want" >"$tmp/sum"
sed -n '$p' "$tmp/out" | cmp - "$tmp/sum"
result "sums it up: $(cat "$tmp/sum")"
"$walk" -q 0<"$tmp/tree" | cmp - "$tmp/sum"
result "quietly"
exit $failed
