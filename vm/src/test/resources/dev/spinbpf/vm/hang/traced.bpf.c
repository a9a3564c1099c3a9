// An NMI updates a map; a program that traces the update wants the lock of the task that the NMI landed on.
#include "../linux/kernel.h"

SEC(".bss.A") __attribute__((visibility("hidden"), aligned(8))) struct bpf_spin_lock a;
__u64 sum, seen;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

SEC("syscall")
int hold(void *ctx)
{
	struct bpf_iter_num it;

	bpf_spin_lock(&a);
	bpf_iter_num_new(&it, 0, 500);
	while (bpf_iter_num_next(&it))
		sum++;
	bpf_iter_num_destroy(&it);
	bpf_spin_unlock(&a);
	return 0;
}

SEC("perf_event")
int sample(void *ctx)
{
	__u32 key = 0;
	__u64 value = 1;

	bpf_map_update_elem(&flows, &key, &value, BPF_ANY);
	return 0;
}

SEC("fentry/htab_map_update_elem")
int update(void *ctx)
{
	bpf_spin_lock(&a);
	seen++;
	bpf_spin_unlock(&a);
	return 0;
}
