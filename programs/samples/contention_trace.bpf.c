// Watches lock contention the way perf does: how often a wait began, how often it ended with an error.
// The tracing programs run inside the lock's slow path, on the CPU that waits.
// Try: spinbpf stress contention_trace.bpf.o --cpus 2 --duration 5s
#include "sample.h"

static struct bpf_res_spin_lock hot SEC(".data.hot");
__u64 begun, ended, failed, taken;

SEC("tc")
int taker(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&hot))
		return TC_ACT_OK;
	for (int i = 0; i < 100; i++)
		READ_ONCE(taken);
	taken++;
	bpf_res_spin_unlock(&hot);
	return TC_ACT_OK;
}

SEC("tp_btf/contention_begin")
int contention_begin(__u64 *ctx)
{
	__sync_fetch_and_add(&begun, 1);
	return 0;
}

SEC("tp_btf/contention_end")
int contention_end(__u64 *ctx)
{
	if ((int)ctx[1])
		__sync_fetch_and_add(&failed, 1);
	__sync_fetch_and_add(&ended, 1);
	return 0;
}
