// ABBA: two CPUs take two locks in opposite orders. Each holds what the other wants; the lock notices within a
// millisecond, and at least one of the two programs gets -EDEADLK and gives way.
// Try: spinbpf stress abba.bpf.o --cpus 2 --duration 5s
#include "sample.h"

static struct bpf_res_spin_lock a SEC(".data.a");
static struct bpf_res_spin_lock b SEC(".data.b");
__u64 rounds, gave_way;

static __always_inline int both(struct bpf_res_spin_lock *one, struct bpf_res_spin_lock *other)
{
	if (bpf_res_spin_lock(one))
		goto failed;
	for (int i = 0; i < 200; i++)
		READ_ONCE(rounds);
	if (bpf_res_spin_lock(other)) {
		bpf_res_spin_unlock(one);
		goto failed;
	}
	rounds++;
	bpf_res_spin_unlock(other);
	bpf_res_spin_unlock(one);
	return 0;
failed:
	__sync_fetch_and_add(&gave_way, 1);
	return 0;
}

SEC("tc")
int a_then_b(struct __sk_buff *ctx)
{
	return both(&a, &b);
}

SEC("syscall")
int b_then_a(void *ctx)
{
	return both(&b, &a);
}
