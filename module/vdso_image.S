/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of the vDSO, as the loader copies them into its memory file. */
#include <linux/linkage.h>

	.section .rodata, "a"
	.balign	8
	.globl	cloudabi_vdso_image
	.type	cloudabi_vdso_image, @object
cloudabi_vdso_image:
	.incbin	"vdso.so"
.Limage_end:
	.size	cloudabi_vdso_image, .Limage_end - cloudabi_vdso_image

	.balign	8
	.globl	cloudabi_vdso_image_size
	.type	cloudabi_vdso_image_size, @object
cloudabi_vdso_image_size:
	.quad	.Limage_end - cloudabi_vdso_image
	.size	cloudabi_vdso_image_size, 8
