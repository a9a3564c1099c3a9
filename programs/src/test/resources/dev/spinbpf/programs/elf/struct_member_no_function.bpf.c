/* A program as a member of a struct that points to no function. */
#include "common.h"

struct bpf_dummy_ops___data {
	void *data;
};

SEC("struct_ops/test_1") int implement(void *ctx) { return 0; }

SEC(".struct_ops.link") struct bpf_dummy_ops___data ops = {
	.data = (void *)implement,
};

char _license[] SEC("license") = "GPL";
