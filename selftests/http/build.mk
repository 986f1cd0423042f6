# SPDX-License-Identifier: GPL-2.0
# Read by ../Makefile: what hands connections to CloudABI programs.
TEST_GEN_PROGS_EXTENDED += acceptor

$(OUTPUT)/acceptor: http/acceptor.c ../uapi/linux/cloudabi_ctl.h
	$(LINK.c) $< -o $@

$(OUTPUT)/http_test: $(wildcard http/*.h)
