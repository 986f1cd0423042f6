# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Numbers, and bits of numbers, without the functions that not every awk has.

# The value of a decimal or hexadecimal number, or an error.
function number(text,    value, i, digit)
{
	if (text ~ /^(0|[1-9][0-9]*)$/)
		return text + 0
	if (text !~ /^0x[0-9a-f]+$/)
		fail("not a number: " text)
	for (i = 3; i <= length(text); i++) {
		digit = index("0123456789abcdef", substr(text, i, 1)) - 1
		value = value * 16 + digit
	}
	return value
}

# The hexadecimal digits of a value, at least as many as asked for.
function hex(value, digits,    text, digit)
{
	while (value > 0 || length(text) < digits) {
		digit = value % 16
		text = substr("0123456789abcdef", digit + 1, 1) text
		value = (value - digit) / 16
	}
	return text
}

function has_bit(value, bit)
{
	return int(value / bit) % 2
}

# Every value of a flags type is one bit, so bits are ored by addition.
function or_bits(a, b,    bit, sum)
{
	for (bit = 1; bit <= a || bit <= b; bit *= 2)
		if (has_bit(a, bit) || has_bit(b, bit))
			sum += bit
	return sum + 0
}

function clear_bits(a, b,    bit, sum)
{
	for (bit = 1; bit <= a; bit *= 2)
		if (has_bit(a, bit) && !has_bit(b, bit))
			sum += bit
	return sum + 0
}

function is_bit(value)
{
	while (value > 1 && value % 2 == 0)
		value /= 2
	return value == 1
}
