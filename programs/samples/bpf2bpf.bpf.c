// Subprograms: a static one is verified at each call with what the caller knows, so it may take a lock that its
// caller releases; a global one is verified once, by its prototype alone.
// Try: spinbpf verify -v bpf2bpf.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 sum;

static __noinline int enter(void)
{
	return bpf_res_spin_lock(&lock);
}

static __noinline void leave(void)
{
	bpf_res_spin_unlock(&lock);
}

__noinline int weight(__u64 value)
{
	return (int)(value % 1000) + 1;
}

SEC("tc")
int add(struct __sk_buff *ctx)
{
	int amount = weight(ctx->len);

	barrier_var(amount); /* global functions may not be called under the lock: keep the call here */
	if (enter())
		return TC_ACT_OK;
	sum += amount;
	leave();
	return TC_ACT_OK;
}
