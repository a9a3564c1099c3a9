// One branch takes the two locks the other way round.
#include "../sample.h"

static struct bpf_res_spin_lock table SEC(".data.table");
static struct bpf_res_spin_lock stats SEC(".data.stats");
__u64 moved;

static __always_inline void move(struct bpf_res_spin_lock *first, struct bpf_res_spin_lock *second)
{
	if (bpf_res_spin_lock(first))
		return;
	if (!bpf_res_spin_lock(second)) {
		moved++;
		bpf_res_spin_unlock(second);
	}
	bpf_res_spin_unlock(first);
}

SEC("tc")
int packet(struct __sk_buff *ctx)
{
#ifndef MENDED
	if (bpf_get_smp_processor_id() == 1) {
		move(&stats, &table);
		return TC_ACT_OK;
	}
#endif
	move(&table, &stats);
	return TC_ACT_OK;
}
