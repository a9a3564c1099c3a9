/* Functions for the kernel to call, and an exception callback. */
#include "common.h"

struct bpf_dummy_ops {
	int (*test_1)(void *state);
	int (*test_2)(void *state);
};

SEC("struct_ops/test_1") int implement_first(void *ctx) { return 1; }
SEC("struct_ops.s/test_2") int implement_second(void *ctx) { return 2; }

SEC(".struct_ops.link") struct bpf_dummy_ops ops = {
	.test_1 = (void *)implement_first,
	.test_2 = (void *)implement_second,
};

__noinline int on_exception(u64 cookie)
{
	return cookie + bpf_get_prandom_u32();
}

SEC("tc") __attribute__((btf_decl_tag("exception_callback:on_exception"))) int may_throw(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
