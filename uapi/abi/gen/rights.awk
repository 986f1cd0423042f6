# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints selftests/rights_gen.h.

function emit(    i)
{
	banner("GPL-2.0")
	print " *"
	print " * Which rights each call needs of which descriptor, and which rights"
	print " * descriptors can have, as rows for tests."
	print " */"
	print "#ifndef _RIGHTS_GEN_H"
	print "#define _RIGHTS_GEN_H"
	print ""
	print "#include <linux/cloudabi.h>"
	print ""
	print "/**"
	print " * struct rights_need - what one call needs of one descriptor"
	print " * @nr: number of the call"
	print " * @call: name of the call"
	print " * @variant: the case in which it is needed, or \"\""
	print " * @argument: name of the argument that the descriptor is in"
	print " * @index: which input that is, from 0"
	print " * @base: base rights"
	print " * @inheriting: inheriting rights"
	print " * @other_base: base rights that serve as well, because one implies another,"
	print " *\tor the same as @base"
	print " * @in_memory: the descriptor is in memory that the input points to"
	print " * @as_requested: also the rights that the caller asks for"
	print " */"
	print "struct rights_need {"
	print "\tunsigned int nr;"
	print "\tconst char *call;"
	print "\tconst char *variant;"
	print "\tconst char *argument;"
	print "\tunsigned int index;"
	print "\tcloudabi_rights_t base;"
	print "\tcloudabi_rights_t inheriting;"
	print "\tcloudabi_rights_t other_base;"
	print "\tunsigned char in_memory;"
	print "\tunsigned char as_requested;"
	print "};"
	print ""
	print "static const struct rights_need rights_needs[] __attribute__((unused)) = {"
	for (i = 1; i <= nneeds; i++)
		emit_need(i)
	print "};"
	print ""
	print "/**"
	print " * struct rights_maximum - what descriptors of a type can have"
	print " * @filetype: the type"
	print " * @name: name of the type, or of the part of it that is meant"
	print " * @base: base rights"
	print " * @inheriting: inheriting rights"
	print " */"
	print "struct rights_maximum {"
	print "\tcloudabi_filetype_t filetype;"
	print "\tconst char *name;"
	print "\tcloudabi_rights_t base;"
	print "\tcloudabi_rights_t inheriting;"
	print "};"
	print ""
	print "static const struct rights_maximum rights_maxima[] __attribute__((unused)) = {"
	for (i = 1; i <= nmaximum_types; i++)
		emit_maximum(maximum_types[i])
	print "};"
	print "\n#endif /* _RIGHTS_GEN_H */"
}

# "from,to" is two descriptors that need the same.
function emit_need(n,    part, count, i)
{
	count = split(need_argument[n], part, ",")
	for (i = 1; i <= count; i++)
		emit_row(n, part[i])
}

function emit_row(n, argument_name,    name)
{
	name = argument_name
	sub(/[.:].*$/, "", name)
	print "\t{"
	printf "\t\t.nr = %d, .call = \"%s\", .variant = \"%s\",\n", \
	       call_nr[need_call[n]], need_call[n], need_variant[n]
	printf "\t\t.argument = \"%s\", .index = %d,\n", name, \
	       need_input(call_nr[need_call[n]], argument_name)
	if (need_base[n])
		printf "\t\t.base = %s,\n", hex_mask(need_base[n])
	if (need_inheriting[n])
		printf "\t\t.inheriting = %s,\n", hex_mask(need_inheriting[n])
	if (need_base[n])
		printf "\t\t.other_base = %s,\n", hex_mask(instead_of(need_base[n]))
	if (argument_name ~ /:/)
		print "\t\t.in_memory = 1,"
	if (need_base_text[n] == "requested" || \
	    need_inheriting_text[n] == "requested")
		print "\t\t.as_requested = 1,"
	print "\t},"
}

function hex_mask(value)
{
	return value ? "0x" hex(value, 16) "ULL" : "0"
}

# A set with implied rights replaced by those that imply them.
function instead_of(value,    i)
{
	for (i = 1; i <= nimplied; i++)
		if (has_bit(value, right(implied[i])))
			value = or_bits(clear_bits(value, right(implied[i])), \
					right(implier[i]))
	return value
}

function emit_maximum(type,    filetype)
{
	filetype = type
	sub(/_OTHER$/, "", filetype)
	print "\t{"
	printf "\t\t.filetype = CLOUDABI_FILETYPE_%s,\n", filetype
	printf "\t\t.name = \"%s\",\n", type
	printf "\t\t.base = %s,\n", hex_mask(base_mask[type])
	printf "\t\t.inheriting = %s,\n", hex_mask(inheriting_mask[type])
	print "\t},"
}
