// AA: a program that holds a lock is interrupted, on the same CPU, by one that wants it.
//
// `worker` holds `outer` when it wants `inner`. While another CPU has `inner`, the wait begins, the tracepoint
// contention_begin fires on this CPU, and `on_contention` asks for `outer`, which this CPU holds: -EDEADLK at once,
// where an ordinary spin lock would hang the CPU. `packet` runs in softirq above `worker` and can meet the same.
// Try: spinbpf stress aa_by_nesting.bpf.o --cpus 2 --duration 5s
#include "sample.h"

static struct bpf_res_spin_lock outer SEC(".data.outer");
static struct bpf_res_spin_lock inner SEC(".data.inner");
__u64 work, failed_work, contentions, deadlocks;

SEC("syscall")
int worker(void *ctx)
{
	if (bpf_res_spin_lock(&outer))
		goto failed;
	if (bpf_res_spin_lock(&inner)) {
		bpf_res_spin_unlock(&outer);
		goto failed;
	}
	for (int i = 0; i < 100; i++)
		READ_ONCE(work);
	work++;
	bpf_res_spin_unlock(&inner);
	bpf_res_spin_unlock(&outer);
	return 0;
failed:
	__sync_fetch_and_add(&failed_work, 1);
	return 0;
}

SEC("tp_btf/contention_begin")
int on_contention(__u64 *ctx)
{
	if (bpf_res_spin_lock(&outer)) {
		__sync_fetch_and_add(&deadlocks, 1);
		return 0;
	}
	contentions++;
	bpf_res_spin_unlock(&outer);
	return 0;
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	if (bpf_res_spin_lock(&inner))
		return XDP_PASS;
	work++;
	bpf_res_spin_unlock(&inner);
	return XDP_PASS;
}
