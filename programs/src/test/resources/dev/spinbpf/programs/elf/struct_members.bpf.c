/* A struct of functions with members that kernels may lack. */
#include "common.h"

struct bpf_dummy_ops___newer {
	int zero;
	int (*test_1)(void *state);
	int number;
	unsigned int bits : 3;
};

SEC("struct_ops/test_1") int implement(void *ctx) { return 1; }

SEC(".struct_ops.link") struct bpf_dummy_ops___newer ops = {
	.test_1 = (void *)implement,
	.number = 1,
};

char _license[] SEC("license") = "GPL";
