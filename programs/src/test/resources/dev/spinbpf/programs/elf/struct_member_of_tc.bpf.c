/* A program for packets as a member of a struct of functions. */
#include "common.h"

struct bpf_dummy_ops___tc {
	int (*test_1)(void *state);
};

SEC("tc") int packet(void *ctx) { return 0; }

SEC(".struct_ops.link") struct bpf_dummy_ops___tc ops = {
	.test_1 = (void *)packet,
};

char _license[] SEC("license") = "GPL";
