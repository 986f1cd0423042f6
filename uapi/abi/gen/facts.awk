# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints the table as a file of facts that facts.awk agrees with, for tests.

function emit(    i)
{
	expect_all()
	for (i = 1; i <= nitems; i++)
		emit_fact(item_kind[i], item_key[i], \
			  expected[item_kind[i], item_key[i]])
	for (i = 1; i <= ndeviations; i++)
		if (!((deviation_kind[i], deviation_key[i]) in expected))
			emit_fact(deviation_kind[i], deviation_key[i], "")
}

function emit_fact(kind, key, values)
{
	if ((kind, key) in deviation_fact)
		values = deviation_fact[kind, key]
	if (values == "none")
		return
	if (kind == "rightreq")
		sub(/ of /, "\t", key)
	else if (key_columns[kind] == 2)
		sub(/\//, "\t", key)
	# The number of a flag stands in the column of its name.
	if (kind != "flagmap" || !sub(/^[0-9]+\t/, " &", values))
		values = "\t" values
	print kind "\t" key values
}
