// The tracing program runs where a lock is waited for, and takes a lock of its own there: two programs that never hold two
// locks in opposite orders block each other all the same.
#include "../sample.h"

static struct bpf_res_spin_lock table SEC(".data.table");
static struct bpf_res_spin_lock log SEC(".data.log");
static struct bpf_res_spin_lock stats SEC(".data.stats");
static __u64 waits, rows, lines;

SEC("tc")
int update(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&table))
		return TC_ACT_OK;
	rows++;
	if (!bpf_res_spin_lock(&log)) {
		lines++;
		bpf_res_spin_unlock(&log);
	}
	bpf_res_spin_unlock(&table);
	return TC_ACT_OK;
}

SEC("tc")
int report(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&stats))
		return TC_ACT_OK;
	if (!bpf_res_spin_lock(&log)) {
		lines++;
		bpf_res_spin_unlock(&log);
	}
	if (!bpf_res_spin_lock(&table)) {
		rows++;
		bpf_res_spin_unlock(&table);
	}
	bpf_res_spin_unlock(&stats);
	return TC_ACT_OK;
}

SEC("tp_btf/contention_begin")
int on_wait(__u64 *ctx)
{
#ifdef MENDED
	__sync_fetch_and_add(&waits, 1);
#else
	if (bpf_res_spin_lock(&stats))
		return 0;
	waits++;
	bpf_res_spin_unlock(&stats);
#endif
	return 0;
}
